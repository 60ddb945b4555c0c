/** The code of the documentation does what the documentation says: README, recipes and guides. */
import { describe, expect, it } from 'vitest';
import { type Block, type Document, idleTerminalsOf, readDocumentation, serversOf, testsOf } from './kit/document.js';
import { runTest, startServer } from './kit/program.js';
import { runCommands } from './kit/terminal.js';
import { checkTypes } from './kit/types.js';
import { useWorkspace } from './kit/workspace.js';

const documents = readDocumentation();
const workspace = useWorkspace(documents);

/** Runs `run` for every program of one kind, side by side. */
function forEach(kind: typeof serversOf, run: (document: Document, block: Block) => Promise<void>): void {
  for (const document of documents) {
    for (const block of kind(document)) {
      it.concurrent(`${block.file} of ${document.path}`, () => run(document, block));
    }
  }
}

it('passes the type checker, every block of it', async () => {
  expect(await checkTypes(workspace)).toEqual([]);
});

it.each(documents)('shows no terminal in $path without a server above it', (document) => {
  expect(idleTerminalsOf(document)).toEqual([]);
});

describe('each server runs, and every command prints what the page says', () => {
  forEach(serversOf, async (document, block) => {
    const server = await startServer(workspace, document, block);
    try {
      await runCommands(document, block, server);
      expect(server.complaints).toBe('');
    } finally {
      await server.stop();
    }
  });
});

describe('each test passes', () => {
  forEach(testsOf, (document, block) => runTest(workspace, document, block));
});
