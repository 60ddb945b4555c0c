/** The check of pages can fail: it finds what is wrong with pages that are broken on purpose. */
import { expect, it, onTestFinished } from 'vitest';
import { useChromium } from '../../suite/test/chromium/chromium.js';
import { readDocument, serversOf } from './kit/document.js';
import { openWatched } from './kit/page.js';
import { startServer } from './kit/program.js';
import { useWorkspace } from './kit/workspace.js';

const document = readDocument(new URL('fixtures/page.md', import.meta.url).pathname);
const workspace = useWorkspace([document]);
const openPage = useChromium();

it.each([
  ['throws.html', /SyntaxError/],
  ['complains.html', /What now\?/],
  ['lost.html', /404/],
  ['silent.html', /No event has arrived/],
])('%s has its problem found', async (file, problem) => {
  const server = await startServer(workspace, document, serversOf(document)[0]!);
  onTestFinished(() => server.stop());
  const page = await openWatched(await openPage('about:blank'), `http://${server.host}/${file}`);
  await expect.poll(() => page.problems.join('\n'), { timeout: 10_000 }).toMatch(problem);
});
