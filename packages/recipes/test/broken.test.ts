/** The checks can fail: each of them finds what is wrong in a document that is broken on purpose, and says where. */
import { describe, expect, it, onTestFinished } from 'vitest';
import { type Document, parseBlocks, readDocument, serversOf, testsOf } from './kit/document.js';
import { runTest, startServer } from './kit/program.js';
import { hasCurl, runCommands } from './kit/terminal.js';
import { checkTypes } from './kit/types.js';
import { useWorkspace } from './kit/workspace.js';

const fixture = (name: string): Document => readDocument(new URL(`fixtures/${name}.md`, import.meta.url).pathname);
const [sound, types, typesOfEvents, client, crash, output, test] = [
  'sound',
  'types',
  'types-of-events',
  'client',
  'crash',
  'output',
  'test',
].map(fixture) as [Document, Document, Document, Document, Document, Document, Document];
const workspace = useWorkspace([sound, types, typesOfEvents, client, crash, output, test]);

/** The only server of a document, with `transcript` below it. */
async function serve(document: Document, transcript?: string) {
  const [block] = serversOf(document);
  if (!block) throw new Error(`${document.path} has no server`);
  const terminals = transcript === undefined ? [] : parseBlocks(`\`\`\`console\n${transcript}\n\`\`\``);
  const server = await startServer(workspace, document, block);
  onTestFinished(() => server.stop());
  return { server, block, document: { ...document, blocks: [...document.blocks, ...terminals] } };
}

/** What is wrong with `transcript`, which begins at line 2. */
async function complaintAbout(transcript: string, deadlineMs?: number): Promise<string> {
  const { document, block, server } = await serve(output, transcript);
  return runCommands(document, block, server, { deadlineMs }).then(
    () => 'nothing',
    (error: Error) => error.message,
  );
}

describe('the types', () => {
  it('have nothing against a document that is sound, and find what is wrong at its line in the others', async () => {
    expect(await checkTypes(workspace)).toEqual([
      expect.stringMatching(/^packages\/recipes\/test\/fixtures\/types\.md:8: TS\d+: .*publishh/),
      expect.stringMatching(/types\.md:12: TS\d+: .*addEventListner/),
      expect.stringMatching(/types\.md:19: TS\d+: .*getElementByID/),
      expect.stringMatching(/types-of-events\.md:7: TS\d+: .*tilte/),
      expect.stringMatching(/client\.md:28: TS\d+: .*tilte/),
    ]);
  });
});

describe('a server', () => {
  it('that ends at its start is told of, with what it has said', async () => {
    await expect(serve(crash)).rejects.toThrow(/crash\.md:4: the server does not listen.*retryMs/s);
  });
});

describe('what a command prints', () => {
  // The stand-in everywhere, curl itself where there is one.
  it.each(hasCurl ? ['curl', 'its stand-in'] : ['its stand-in'])('is compared, by %s', async (name) => {
    const { document, block, server } = await serve(sound);
    expect(await runCommands(document, block, server, { useStandIn: name !== 'curl' })).toBe(4);
  });

  it('may differ in no line', async () => {
    const complaint = await complaintAbout('$ curl -s http://localhost:3000/text\none\nthree');
    expect(complaint).toContain('output.md:2: "curl -s http://localhost:3000/text" prints something else');
    expect(complaint).toContain('--- the document says\none\nthree\n--- printed\none\ntwo');
  });

  it('may be neither more nor less where the command ends', async () => {
    expect(await complaintAbout('$ curl -s http://localhost:3000/text\none')).toContain('prints more');
    expect(await complaintAbout('$ curl -s http://localhost:3000/text\none\ntwo\nthree')).toContain('ends before');
    expect(await complaintAbout('$ curl -s http://localhost:3000/text')).toContain('prints more');
    expect(await complaintAbout('$ curl -s http://localhost:3000/text\none\ntwo')).toBe('nothing');
  });

  it('is with -N a stream that may go on, but not begin otherwise', async () => {
    const stream = '$ curl -sN http://localhost:3000/news\nretry: 2000\n:\nevent: ';
    expect(await complaintAbout(`${stream}sse.open`)).toBe('nothing');
    expect(await complaintAbout(`${stream}sse.live`)).toContain('prints something else');
  });

  it('is not complete before the command ends, unless it is a stream', async () => {
    const complaint = complaintAbout('$ curl -s http://localhost:3000/news\nretry: 2000', 500);
    expect(await complaint).toContain('has not ended within 500 ms');
  });

  it('is compared where the command is a script of the document, which asks the server above it', async () => {
    const right = await serve(client);
    expect(await runCommands(right.document, right.block, right.server)).toBe(1);
    const wrong = await serve(client, '$ node follow.ts\nGoodbye');
    await expect(runCommands(wrong.document, wrong.block, wrong.server)).rejects.toThrow(
      /"node follow\.ts" prints something else.*Goodbye.*Hello/s,
    );
  });

  it('is missing where the command fails', async () => {
    expect(await complaintAbout('$ curl --no-such-option\none')).toContain('ends before');
  });
});

describe('a test', () => {
  it('that fails, or tests nothing, is told of', async () => {
    const [fails, empty] = testsOf(test);
    await expect(runTest(workspace, test, fails!)).rejects.toThrow(/test\.md:4: fails\.test\.ts fails .*one is two/s);
    await expect(runTest(workspace, test, empty!)).rejects.toThrow(/empty\.test\.ts fails \(0, 0 passed\)/);
  });
});
