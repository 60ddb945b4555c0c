/** The package's client in a page, and servers that answer nonsense: a typed error, patience, and bounded memory. And what it leaves behind. */
import type { ServerResponse } from 'node:http';
import type { Page } from 'playwright-core';
import { describe, expect, it } from 'vitest';
import { listen } from '../../../client/test/kit/servers.js';
import { useChromium } from '../../../suite/test/chromium/chromium.js';
import { FRAMEWORKS, Origin } from '../kit/origin.js';
import { pageScript } from './kit/page-script.js';

const openPage = useChromium();

const STREAM = { 'content-type': 'text/event-stream' };
const PAGE = '<!doctype html><link rel="icon" href="data:,">';
const MIB = 2 ** 20;

/** A page whose script has run before anything else. */
async function load(url: string, before = ''): Promise<Page> {
  const page = await openPage('about:blank');
  await page.addInitScript({ content: `${before}; ${await pageScript()}` });
  await page.goto(url);
  return page;
}

const until = (page: Page, expression: string) => page.waitForFunction(expression, undefined, { polling: 20 });

/** A page on a server that plays its part at `/stream`, and what becomes of the client. `times`: when it has asked. */
async function connect(answer: (res: ServerResponse, request: number) => unknown) {
  const times: number[] = [];
  const server = await listen((req, res) => {
    if (req.url === '/') return void res.setHeader('content-type', 'text/html').end(PAGE);
    return void answer(res, times.push(performance.now()));
  });
  const page = await load(server.url, 'Math.random = () => 0.25');
  await page.evaluate(`{
    Object.assign(globalThis, { errors: [], seen: [], ended: undefined });
    globalThis.stream = headwater.connect('/stream');
    stream.on('sse.error', ({ code, retryAfterMs }) => errors.push({ code, retryAfterMs }));
    stream.on('message', ({ data }) => seen.push(data));
    void stream.closed.then(({ reason, error }) => Object.assign(globalThis, { ended: [reason, error?.code] }));
  }`);
  return { page, server, times };
}

const codes = (page: Page): Promise<string[]> => page.evaluate('errors.map(({ code }) => code)');

/** Random waits are a quarter of 1 s, 2 s, ...; the browser's clock is not ours. */
function expectPatience(times: readonly number[], leastMs: readonly number[]): void {
  for (const [index, least] of leastMs.entries()) {
    expect(times[index + 1]! - times[index]!).toBeGreaterThan(least * 0.9);
  }
}

describe('a server that', () => {
  it('answers an error page, another type or 503 is an error, and asked again with patience', async () => {
    const answers = [
      [200, 'text/html'],
      [200, 'text/event-streams'],
      [503, 'text/event-stream'],
    ] as const;
    const { page, times } = await connect((res, request) => {
      const [status, type] = answers[request % 3]!;
      res.writeHead(status, { 'content-type': type }).end('data: 1\n\n');
    });
    await until(page, 'errors.length === 3');
    const wrongType = 'ERR_CLIENT_CONTENT_TYPE';
    expect(await codes(page)).toEqual([wrongType, 'ERR_CLIENT_STATUS', wrongType]);
    expectPatience(times, [250, 500]);
    expect(await page.evaluate('seen')).toEqual([]);
  });

  it('sends an endless line ends the client before the memory ends', async () => {
    const piece = 'x'.repeat(65_536);
    let sent = 0;
    const { page } = await connect((res) => {
      res.writeHead(200, STREAM);
      const write = () => {
        do sent += piece.length;
        while (!res.destroyed && res.write(piece));
      };
      res.on('drain', write);
      write();
    });
    await until(page, 'ended');
    expect(await page.evaluate('ended')).toEqual(['error', 'ERR_CLIENT_TOO_LARGE']);
    // What the sockets held besides.
    expect(sent).toBeLessThan(64 * MIB);
  });

  it('sends what is no UTF-8 is read on', async () => {
    const { page } = await connect((res) => {
      res.writeHead(200, STREAM).write(Buffer.from('data: a\xff\xc3b\n\ndata: c\n\n', 'latin1'));
    });
    await until(page, 'seen.length === 2');
    expect(await page.evaluate('seen')).toEqual(['a\ufffd\ufffdb', 'c']);
    expect(await codes(page)).toEqual([]);
  });

  it('wants to be asked again at once is asked after 250 ms and more', async () => {
    const { page, times } = await connect((res, request) => {
      res.writeHead(200, STREAM).write(`retry: 0\n\ndata: ${request}\n\n`);
      res.end();
    });
    await until(page, 'seen.length === 3');
    expectPatience(times, [500, 750]);
  });

  it('never wants to be asked again is asked after an hour', async () => {
    const { page } = await connect((res) => res.writeHead(503, { 'retry-after': '99999999999' }).end());
    await until(page, 'errors.length === 1');
    expect(await page.evaluate('errors')).toEqual([{ code: 'ERR_CLIENT_STATUS', retryAfterMs: 3_600_000 }]);
  });
});

it('after close() there is no listener, no timer and no connection', async () => {
  const origin = await Origin.start(FRAMEWORKS[0]![1]);
  const page = await load(
    origin.url,
    `globalThis.timers = new Set();
    for (const [set, clear] of [['setTimeout', 'clearTimeout'], ['setInterval', 'clearInterval']]) {
      const [native, nativeClear] = [globalThis[set].bind(globalThis), globalThis[clear].bind(globalThis)];
      globalThis[set] = (fn, ms, ...rest) => {
        const timer = native((...args) => { if (set === 'setTimeout') timers.delete(timer); fn(...args); }, ms, ...rest);
        timers.add(timer);
        return timer;
      };
      globalThis[clear] = (timer) => { timers.delete(timer); nativeClear(timer); };
    }`,
  );
  const session = await page.context().newCDPSession(page);
  const listeners = async () => {
    const { result } = await session.send('Runtime.evaluate', { expression: 'globalThis' });
    const found = await session.send('DOMDebugger.getEventListeners', { objectId: result.objectId!, depth: -1 });
    return found.listeners.map(({ type }) => type).sort();
  };
  // Playwright's own come with its first look.
  await until(page, 'true');
  const before = await listeners();
  await page.evaluate(`globalThis.streams = [
    headwater.connect('/numbers'),
    headwater.connectShared('/numbers'),
    headwater.connect('/numbers', { position: headwater.storedIn(localStorage, 'own') }),
    new headwater.EventSource('/numbers'),
    headwater.connect('/gone'),
  ]`);
  await expect.poll(() => origin.hub.connections.size, { timeout: 20_000 }).toBe(4);
  await until(page, `streams.slice(0, 3).every(({ status }) => status.state === 'live')`);
  expect((await listeners()).length).toBeGreaterThan(before.length);
  expect(await page.evaluate('timers.size')).toBeGreaterThan(0);
  await page.evaluate('for (const stream of streams) stream.close()');
  await expect.poll(() => origin.hub.connections.size, { timeout: 20_000 }).toBe(0);
  expect(await listeners()).toEqual(before);
  expect(await page.evaluate('timers.size')).toBe(0);
});
