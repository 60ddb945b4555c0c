/** How streams begin and end between our servers and Chromium's EventSource: headers, retry, status, redirects, cuts. */

import { type CloseReason, createHub } from '@headwater/express';
import { describe, expect, it } from 'vitest';
import { BrowserSource, CLOSED, CONNECTING } from './chromium/browser-source.js';
import { useChromium } from './chromium/chromium.js';
import { Cutter } from './chromium/cutter.js';
import { FRAMEWORKS, type Handler } from './chromium/frameworks.js';

const openPage = useChromium();

describe.each(FRAMEWORKS)('%s and EventSource', (_name, framework) => {
  /** A page and a source for `/stream` on its own server. */
  async function connect(handler: Handler) {
    let requests = 0;
    const server = await framework.serve((exchange) => {
      requests++;
      return handler(exchange);
    });
    const page = await openPage(server.url);
    return { page, server, source: await BrowserSource.open(page, '/stream'), requests: () => requests };
  }

  it('opens at once, before there is any event', async () => {
    const { page } = await connect(({ stream }) => stream.open());
    const wait: number = await page.evaluate(`new Promise((resolve) => {
      const start = performance.now();
      new EventSource('/stream').onopen = () => resolve(performance.now() - start);
    })`);
    expect(wait).toBeLessThan(1_000);
  });

  it('the headers say what it is, in lower case, and keep caches and proxies away', async () => {
    const { page } = await connect(({ stream }) => stream.open());
    const headers: Record<string, string> = await page.evaluate(`(async () => {
      const abort = new AbortController();
      const response = await fetch('/stream', { signal: abort.signal });
      abort.abort();
      return Object.fromEntries(response.headers);
    })()`);
    expect(headers).toMatchObject({
      'content-type': 'text/event-stream',
      'cache-control': 'no-cache, no-transform',
      'x-accel-buffering': 'no',
    });
  });

  it('retry is honoured: from the opening, from a message, from close', async () => {
    const asked = [300, 700, 500] as const;
    const begins: number[] = [];
    const ends: number[] = [];
    let unasked = 0;
    const server = await framework.serve(async ({ stream, request, answer }) => {
      if (request.url === '/unasked') {
        unasked++;
        return answer(200, { 'content-type': 'text/event-stream' });
      }
      const number = begins.push(performance.now());
      stream.open(number === 1 ? { retryMs: asked[0] } : {});
      if (number === 2) await stream.send({ retry: asked[1] });
      if (number === 4) return void stream.send('done');
      ends.push(performance.now());
      return stream.close(number === 3 ? { retryMs: asked[2] } : {});
    });
    const page = await openPage(server.url);
    // What is told nothing comes back after 3 seconds. Beside it the other has to be back three times.
    await BrowserSource.open(page, '/unasked');
    const source = await BrowserSource.open(page, '/stream');
    await source.events(1);
    expect(unasked).toBe(1);
    const waits = ends.map((end, index) => (begins[index + 1] ?? 0) - end);
    // The browser's clock is not ours: a little less may be right.
    for (const [index, wait] of asked.entries()) expect(waits[index]).toBeGreaterThan(wait * 0.9);
    expect((await source.read()).errors).toEqual([CONNECTING, CONNECTING, CONNECTING]);
  });

  it('204 stops a source that would come back', async () => {
    let isOver = false;
    const { source, requests } = await connect(({ stream, answer }) => {
      if (isOver) return answer(204);
      isOver = true;
      void stream.send('one');
      return stream.close({ retryMs: 250 });
    });
    await source.closed();
    expect(await source.read()).toMatchObject({ events: [{ data: 'one' }], opens: 1, readyState: CLOSED });
    expect(requests()).toBe(2);
  });

  it('any status but 200 closes it for ever', async () => {
    const statuses = [201, 400, 401, 403, 404, 410, 429, 500, 502, 503];
    const requests: string[] = [];
    const server = await framework.serve(({ request, answer }) => {
      requests.push(request.url ?? '');
      answer(Number(request.url?.slice(1)), { 'content-type': 'text/event-stream' });
    });
    const page = await openPage(server.url);
    for (const status of statuses) {
      const source = await BrowserSource.open(page, `/${status}`);
      await source.closed();
      expect(await source.read()).toMatchObject({ events: [], opens: 0, errors: [CLOSED] });
    }
    expect(requests).toEqual(statuses.map((status) => `/${status}`));
  });

  it('a subscription that rejects a reset answers 400, which closes it', async () => {
    const errors: unknown[] = [];
    const refused: string[] = [];
    const observer = {
      error: (error: unknown) => errors.push(error),
      refused: (_: unknown, why: string) => refused.push(why),
    };
    const hub = createHub({ observers: [observer] });
    const server = await framework.serve(({ stream }) => stream.subscribe('news', { onReset: 'reject' }), { hub });
    const source = await BrowserSource.open(await openPage(server.url), '/stream?lastEventId=gone');
    await source.closed();
    expect(await source.read()).toMatchObject({ events: [], opens: 0, errors: [CLOSED] });
    // The client's affair: the observers hear of a refusal, not of an error.
    expect([refused, errors]).toEqual([[expect.stringContaining('malformed')], []]);
  });

  it('a redirect leads to the stream', async () => {
    const server = await framework.serve(({ stream, request, answer }) => {
      const [, status, ...elsewhere] = request.url?.split('/') ?? [];
      if (elsewhere.length === 0) return answer(Number(status), { location: `/${status}/elsewhere` });
      return stream.send({ data: request.url });
    });
    const page = await openPage(server.url);
    for (const status of [301, 302, 303, 307, 308]) {
      const source = await BrowserSource.open(page, `/${status}`);
      expect(await source.events(1)).toMatchObject([{ data: `/${status}/elsewhere`, origin: server.url }]);
      await source.close();
    }
  });

  it('closing the source, leaving the page and closing the page all reach the server as `client`', async () => {
    const reasons: CloseReason[] = [];
    const { source, page, server } = await connect(({ stream }) => {
      void stream.open().closed.then(({ reason }) => reasons.push(reason));
    });
    await source.opened();
    await source.close();
    await expect.poll(() => reasons, { timeout: 10_000 }).toEqual(['client']);

    await (await BrowserSource.open(page, '/stream')).opened();
    await page.goto(server.url);
    await expect.poll(() => reasons, { timeout: 10_000 }).toEqual(['client', 'client']);

    await (await BrowserSource.open(page, '/stream')).opened();
    await page.close();
    await expect.poll(() => reasons, { timeout: 10_000 }).toEqual(['client', 'client', 'client']);
  });

  it('an event that is cut is not dispatched, wherever the cut is, and is sent again', async () => {
    const hub = createHub({ retryMs: 250 });
    const server = await framework.serve(
      ({ stream, head }) => {
        head({ 'access-control-allow-origin': '*' });
        return stream.subscribe('news');
      },
      { hub },
    );
    const page = await openPage(server.url);
    const frame = ({ id }: { id: string }) => `event: item\ndata: first\ndata: line\nid: ${id}\n\n`;
    const next = (text: string) => hub.publish('news', { event: 'item', data: text });
    const types = ['item', 'sse.open'];
    const size = Buffer.byteLength(frame(await next('first\nline')));

    // One source for each place of the cut, each through a proxy of its own: before the frame's first byte, ..., after its last.
    const cutters = await Promise.all(Array.from({ length: size + 1 }, () => Cutter.before(server.port)));
    const sources = [];
    for (const { url } of cutters) sources.push(await BrowserSource.open(page, `${url}/stream`, { types }));
    for (const source of sources) await source.events(1);
    const chunkHeader = `${size.toString(16)}\r\n`.length;
    for (const [at, cutter] of cutters.entries()) cutter.cutAfter(chunkHeader + at, at % 2 === 0 ? 'end' : 'reset');
    await next('first\nline');
    for (const source of sources) await source.opened(2);
    await next('second');

    for (const source of sources) {
      await source.until(`events.some(({ data }) => data === 'second')`);
      const { events } = await source.read();
      const items = events.filter(({ type }) => type === 'item');
      expect(items.map(({ data }) => data)).toEqual(['first\nline', 'second']);
    }
    expect(cutters.map(({ connections }) => connections)).toEqual(cutters.map(() => 2));
  });
});
