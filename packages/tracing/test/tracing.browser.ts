/** From publish to the client of a page, in Chromium: the page's trace goes in, the stream's comes out, the publish is linked. */
import { createServer } from 'node:http';
import { sse, streamHandler } from '@headwater/express';
import { build } from 'esbuild';
import express from 'express';
import { type Browser, chromium } from 'playwright-core';
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest';
import { idsOf, linksOf, listen, tracedHub, useSdk } from './kit.js';

const CLIENT = `${import.meta.dirname}/../../client/src`;
const ENTRY = `export * from './index.ts'; export * from './tracing/index.ts';`;
const TRACE = '0af7651916cd43dd8448eb211c80319c';
const PARENT = `00-${TRACE}-b7ad6b7169203331-01`;

const spans = useSdk();
let browser: Browser;

beforeAll(async () => {
  const { CHROMIUM_PATH: executablePath } = process.env;
  if (!executablePath) throw new Error('CHROMIUM_PATH is not set: run the tests with `vitest --project browser`');
  browser = await chromium.launch({ executablePath, args: ['--no-sandbox', '--disable-gpu'] });
});
afterAll(() => browser?.close());

async function openPage() {
  const { outputFiles } = await build({
    stdin: { contents: ENTRY, resolveDir: CLIENT, loader: 'ts' },
    bundle: true,
    format: 'iife',
    globalName: 'headwater',
    write: false,
  });
  const hub = tracedHub(spans);
  const app = express();
  app.use(sse({ hub }));
  app.get('/client.js', (_req, res) => void res.type('text/javascript').send(outputFiles[0]?.text));
  app.get('/events', streamHandler({ authorize: () => true, trace: true }));
  app.use((_req, res) => {
    res.type('html').send('<!doctype html><link rel="icon" href="data:,"><script src="/client.js"></script>');
  });
  const page = await browser.newPage();
  onTestFinished(() => page.close());
  await page.goto(await listen(createServer(app)));
  return { hub, page };
}

test('the client of a page: in by its header, out in the head, its missed and its new messages linked', async () => {
  const { hub, page } = await openPage();
  const before = { attach: spans.named('sse attach').length, deliver: spans.named('sse deliver').length };
  const { id } = await hub.publish('news', 'before');
  await hub.publish('news', 'missed');
  await page.evaluate(`{
    globalThis.seen = [];
    globalThis.traces = headwater.readTraces();
    globalThis.stream = headwater.connect('/events?channel=news', {
      lastEventId: ${JSON.stringify(id)},
      traceparent: '${PARENT}',
      fetch: traces.fetch,
    });
    stream.on('message', ({ data, id }) => seen.push([data, traces.of(id)]));
  }`);
  const attach = await spans.nth('sse attach', before.attach + 1);
  await page.waitForFunction('seen.length === 1');
  const [missed] = spans.named('sse publish').slice(-1).map(idsOf);
  expect(linksOf(attach)).toEqual([missed]);
  expect(attach.parentSpanContext?.traceId).toBe(TRACE);
  expect(await page.evaluate('traces.stream')).toBe(`00-${TRACE}-${idsOf(attach)[1]}-01`);
  await hub.publish('news', 'new');
  await page.waitForFunction('seen.length === 2');
  const [live] = spans.named('sse publish').slice(-1).map(idsOf);
  expect(linksOf(await spans.nth('sse deliver', before.deliver + 1))).toEqual([live]);
  expect(await page.evaluate('seen')).toEqual([
    ['missed', `00-${missed?.join('-')}-01`],
    ['new', `00-${live?.join('-')}-01`],
  ]);
});

test("a page's EventSource: in by its query, out in what the browser has measured", async () => {
  const { hub, page } = await openPage();
  const before = spans.named('sse attach').length;
  await page.evaluate(`{
    globalThis.timings = [];
    new PerformanceObserver((list) => {
      for (const { serverTiming } of list.getEntries()) timings.push(...serverTiming.map(({ name, description }) => [name, description]));
    }).observe({ type: 'resource' });
    globalThis.source = new EventSource('/events?channel=news&traceparent=${PARENT}');
    globalThis.seen = [];
    source.onmessage = ({ data }) => seen.push(data);
  }`);
  const attach = await spans.nth('sse attach', before + 1);
  expect(attach.parentSpanContext?.traceId).toBe(TRACE);
  await hub.publish('news', 'x');
  await page.waitForFunction('seen.length === 1');
  // What is measured is told when it is over.
  await page.evaluate('source.close()');
  await page.waitForFunction('timings.length > 0');
  expect(await page.evaluate('timings')).toEqual([['traceparent', `00-${TRACE}-${idsOf(attach)[1]}-01`]]);
});
