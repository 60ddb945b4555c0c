/** The pages of the documentation in Chromium: their events arrive, and the console has nothing to say. */
import { appendFile, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { useChromium } from '../../suite/test/chromium/chromium.js';
import { type Block, type Document, pageClientOf, readDocumentation, serversOf } from './kit/document.js';
import { openWatched, type WatchedPage } from './kit/page.js';
import { type RunningServer, startServer } from './kit/program.js';
import { useWorkspace } from './kit/workspace.js';

/** What somebody does with a page, and what it shows then. */
type Visit = (page: WatchedPage, server: RunningServer) => Promise<void>;

const post = (server: RunningServer, path: string, body: object, method = 'POST') =>
  fetch(`http://${server.host}${path}`, {
    method,
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body),
  });

const getStarted: Visit = async (page, server) => {
  await page.received('sse.open');
  await post(server, '/news', { title: 'It works' });
  await page.shows('#news', 'It works');
  await post(server, '/news', { title: 'And again' });
  await page.shows('#news', 'And againIt works');
};

const VISITS: Record<string, Visit> = {
  'docs/guides/getting-started-express.md': getStarted,
  'docs/guides/getting-started-fastify.md': getStarted,

  'docs/recipes/notifications-per-user.md': async (page, server) => {
    await page.received('sse.open');
    await post(server, '/users/bob/notices', { text: 'for Bob' });
    await post(server, '/users/ada/notices', { text: 'first' });
    await page.shows('#notices', 'first');
    await page.leave();
    await post(server, '/users/ada/notices', { text: 'meanwhile' });
    await page.enter();
    await page.shows('#notices', 'meanwhile');
  },

  'docs/recipes/job-progress.md': async (page) => {
    await page.click('#start');
    await page.until("document.querySelector('progress').value > 0");
    await page.reload();
    await page.shows('#result', 'Ready: report.pdf');
    expect(await page.evaluate("document.querySelector('progress').value")).toBe(4);
    await page.reload();
    await page.shows('#result', 'Ready: report.pdf');
  },

  'docs/recipes/log-tail.md': async (page, server) => {
    await appendFile(join(server.cwd, 'app.log'), 'one\n<b>two</b>\n');
    await page.shows('#log', 'one\n<b>two</b>\n');
    await page.reload();
    await appendFile(join(server.cwd, 'app.log'), 'three\n');
    await page.shows('#log', 'one\n<b>two</b>\nthree\n');
  },

  'docs/recipes/dashboard.md': async (page, server) => {
    await page.shows('#orders', '0');
    await page.received('sse.open');
    await post(server, '/figures/orders', { value: 7 }, 'PUT');
    await page.shows('#orders', '7');
    await page.reload();
    await page.shows('#orders', '7');
    await page.shows('#returns', '0');
  },

  'docs/recipes/chat-room.md': async (page, server) => {
    await page.fill('[name=name]', 'Ada');
    await page.fill('[name=text]', 'Hello <i>there</i>');
    await page.click('button');
    await page.shows('#messages', 'Ada: Hello <i>there</i>');
    await page.until("document.querySelector('[name=text]').value === ''");
    await post(server, '/rooms/lobby', { name: 'Bob', text: 'Hi', key: 'k' });
    await page.until("document.querySelector('#messages li:last-child').textContent === 'Bob: Hi'");
    await page.reload();
    await page.shows('#messages', 'Ada: Hello <i>there</i>Bob: Hi');
  },

  'docs/recipes/llm-tokens.md': async (page) => {
    await page.fill('[name=prompt]', 'one two three four');
    await page.click('text=Ask');
    await page.until("document.getElementById('answer').textContent.includes('one')");
    await page.reload();
    await page.shows('#state', 'complete');
    await page.shows('#answer', 'You said:\none two three four.');
    await page.fill('[name=prompt]', 'this is never said to the end of it');
    await page.click('text=Ask');
    await page.until("document.getElementById('answer').textContent.includes('this')");
    await page.click('#stop');
    await page.shows('#state', 'stopped');
  },
};

const getStartedWithClient: Visit = async (page, server) => {
  await getStarted(page, server);
  await page.until("document.title === 'News'");
  await page.leave();
  await post(server, '/news', { title: 'Meanwhile' });
  await page.enter();
  await page.shows('#news', 'Meanwhile');
};

/** What the client of a page does besides. */
const CLIENT_VISITS: Record<string, Visit> = {
  ...VISITS,
  'docs/guides/getting-started-express.md': getStartedWithClient,
  'docs/guides/getting-started-fastify.md': getStartedWithClient,

  'docs/recipes/dashboard.md': async (page, server) => {
    await VISITS['docs/recipes/dashboard.md']?.(page, server);
    await page.until("document.title === 'Figures' && document.body.style.opacity === '1'");
  },
};

const documents = readDocumentation().filter(({ blocks }) => blocks.some(({ file }) => file === 'index.html'));
const workspace = useWorkspace(documents);
const openPage = useChromium();

it('has somebody to visit each page', () => {
  expect(documents.map(({ path }) => path).sort()).toEqual(Object.keys(VISITS).sort());
});

// The servers of one document side by side: most of the time everybody waits.
it.each(documents)('shows what it should, with each server of $path', async (document) => {
  await Promise.all(serversOf(document).map((block) => visit(document, block)));
});

it.each(documents.filter(pageClientOf))('does so with the client of $path as well', async (document) => {
  const script = await readFile(workspace.programOf(document, pageClientOf(document)!), 'utf8');
  await Promise.all(serversOf(document).map((block) => visit(document, block, script)));
});

async function visit(document: Document, block: Block, script?: string): Promise<void> {
  const server = await startServer(workspace, document, block);
  onTestFinished(() => server.stop());
  const page = await openWatched(await openPage('about:blank'), `http://${server.host}/`, script);
  await (script === undefined ? VISITS : CLIENT_VISITS)[document.path]?.(page, server);
  expect(page.problems, block.file).toEqual([]);
  expect(server.complaints, block.file).toBe('');
}
