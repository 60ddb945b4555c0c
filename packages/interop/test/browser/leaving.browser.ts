/** Pages that leave, and what our servers know of it. */
import { createHub } from '@headwater/express';
import { describe, expect, it, onTestFinished } from 'vitest';
import { BrowserSource } from '../../../suite/test/chromium/browser-source.js';
import { useChromium } from '../../../suite/test/chromium/chromium.js';
import { FRAMEWORKS } from '../kit/origin.js';

// Playwright switches the back/forward cache off.
const openPage = useChromium({ ignoreDefaultArgs: ['--disable-back-forward-cache'] });

const WAIT = { timeout: 20_000, interval: 10 };

describe.each(FRAMEWORKS)('%s', (_name, framework) => {
  it('an EventSource stays connected in the back/forward cache, and has everything when its page is back', async () => {
    const hub = createHub({ retryMs: 250 });
    onTestFinished(() => hub.close());
    const server = await framework.serve(({ stream }) => stream.subscribe('numbers'), { hub });
    const page = await openPage(server.url);
    const source = await BrowserSource.open(page, '/stream', { types: ['sse.open'] });
    await source.opened();
    await page.goto(`${server.url}/?elsewhere`);
    await hub.publish('numbers', { data: 1 });
    // A page that comes out of the cache does not load: it still has its source.
    await page.goBack({ waitUntil: 'commit' });
    await hub.publish('numbers', { data: 2 });
    await source.until(`events.length >= 3`);
    const { events, opens } = await source.read();
    expect(events.map(({ type, data }) => (type === 'message' ? data : type))).toEqual(['sse.open', '1', '2']);
    expect([opens, hub.connections.size]).toEqual([1, 1]);
  });

  it('a client that gives up before its answer is a closed connection, and no error', async () => {
    const errors: unknown[] = [];
    const hub = createHub({ observers: [{ error: (error) => errors.push(error) }] });
    onTestFinished(() => hub.close());
    let answer = () => {};
    const asked = new Promise<void>((resolve) => {
      answer = resolve;
    });
    const ends: unknown[] = [];
    let requests = 0;
    const server = await framework.serve(
      async ({ stream }) => {
        requests++;
        void stream.closed.then(({ reason }) => ends.push(reason));
        await asked;
        return stream.subscribe('numbers');
      },
      { hub },
    );
    const page = await openPage(server.url);
    const source = await BrowserSource.open(page, '/stream');
    await expect.poll(() => requests, WAIT).toBe(1);
    await source.close();
    await expect.poll(() => ends, WAIT).toEqual(['client']);
    answer();
    await (await BrowserSource.open(page, '/stream')).opened();
    expect([hub.connections.size, errors]).toEqual([1, []]);
  });
});
