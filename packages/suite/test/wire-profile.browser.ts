/** What our servers put on the wire, as Chromium's EventSource takes it. The rules behind it: WHATWG HTML, section 9.2. */

import type { Connection } from '@headwater/express';
import { createHub } from '@headwater/express';
import { describe, expect, it } from 'vitest';
import { BrowserSource, OPEN } from './chromium/browser-source.js';
import { useChromium } from './chromium/chromium.js';
import { FRAMEWORKS } from './chromium/frameworks.js';

const openPage = useChromium();

const LINES = ['', 'one', 'one\ntwo', '\n', '\n\n', 'one\n', '\none', 'a\n\nb', 'tab\there'];
const BREAKS = ['one\rtwo', 'one\r\ntwo', 'one\n\rtwo', '\r', '\r\n', 'one\r', 'a\r\r\nb'];
const SPACES = [' one', '  two spaces', 'trailing ', ' ', '\ttab', 'a\n b\n  c'];
const LOOKALIKES = [':comment', 'data: x', 'id: 1\nevent: y\nretry: 1', 'event', ': :', 'data'];
const CHARACTERS = [
  'nul\0nul',
  '\0',
  'a\u2028b\u2029c',
  'a\u0085b\u000bc\u000cd',
  '\ufeffbom',
  'é 日本 👩‍🚀',
  '\u{10ffff}',
];
const TEXTS = [...LINES, ...BREAKS, ...SPACES, ...LOOKALIKES, ...CHARACTERS];

/** "CRLF pair, a single LF, [or] a single CR": whatever it was, the client sees LF. */
const asSeen = (text: string) => text.replace(/\r\n|\r/g, '\n');

describe.each(FRAMEWORKS)('%s and EventSource', (_name, framework) => {
  /** A page whose source gets what `speak` sends on each stream. */
  async function listen(speak: (stream: Connection, request: number) => unknown, types: readonly string[] = []) {
    let requests = 0;
    const lastEventIds: (string | undefined)[] = [];
    const server = await framework.serve(({ stream, request }) => {
      lastEventIds.push(request.headers['last-event-id'] as string | undefined);
      return speak(stream, ++requests);
    });
    const page = await openPage(server.url);
    const source = await BrowserSource.open(page, '/stream', { types });
    return { source, lastEventIds };
  }

  it('send: data arrives as it was, line breaks as LF', async () => {
    const { source } = await listen((stream) => {
      for (const data of TEXTS) void stream.send({ data });
    });
    const events = await source.events(TEXTS.length);
    expect(events.map(({ data }) => data)).toEqual(TEXTS.map(asSeen));
    expect(events.every(({ type }) => type === 'message')).toBe(true);
  });

  it('publish: data arrives as it was, line breaks as LF', async () => {
    const hub = createHub();
    const server = await framework.serve(({ stream }) => stream.subscribe('texts'), { hub });
    const source = await BrowserSource.open(await openPage(server.url), '/stream', { types: ['sse.open', 'text'] });
    await source.events(1);
    const published = TEXTS.map((data) => hub.publish('texts', { event: 'text', data }));
    const ids = (await Promise.all(published)).map(({ id }) => id);
    const events = (await source.events(1 + TEXTS.length)).slice(1);
    expect(events.map(({ data }) => data)).toEqual(TEXTS.map(asSeen));
    expect(events.map(({ lastEventId }) => lastEventId)).toEqual(ids);
  });

  it('send: what is no string arrives as JSON', async () => {
    const values = [{ a: [1, null, 'ü'] }, 0, false, null, [], 'text\nas it is'];
    const { source } = await listen((stream) => {
      for (const data of values) void stream.send({ data });
    });
    const seen = (await source.events(values.length)).map(({ data }) => data);
    expect(seen).toEqual(values.map((value) => (typeof value === 'string' ? value : JSON.stringify(value))));
  });

  it('send: events go to the listeners of their name and to no others', async () => {
    const names = ['news', 'message', 'with space', 'Größe', ':colon', 'data', 'open', 'error'];
    const { source } = await listen((stream) => {
      for (const event of names) void stream.send({ event, data: event });
      void stream.send({ event: '', data: 'empty name' });
      void stream.send({ event: 'unheard', data: 'x' });
      void stream.send({ data: 'last' });
    }, names);
    const events = await source.events(names.length + 2);
    expect(events.slice(0, names.length).map(({ type }) => type)).toEqual(names);
    expect(events.slice(names.length)).toMatchObject([
      { type: 'message', data: 'empty name' },
      { type: 'message', data: 'last' },
    ]);
  });

  it('send: ids stay until the next one, and come back in Last-Event-ID as they were', async () => {
    const ids = ['a', '0', 'AZ.az_09~-', 'x'.repeat(128)];
    const { source, lastEventIds } = await listen(async (stream, request) => {
      const id = ids[request - 1];
      if (id !== undefined) await stream.send({ id, data: 'with id' });
      await stream.send('without');
      if (id !== undefined) stream.close({ retryMs: 250 });
    });
    const events = await source.events(ids.length * 2 + 1);
    expect(events.map(({ lastEventId }) => lastEventId)).toEqual([...ids.flatMap((id) => [id, id]), ids.at(-1)]);
    expect(lastEventIds).toEqual([undefined, ...ids]);
  });

  it('send: comments of any kind, before an event or alone, are not seen', async () => {
    const { source } = await listen(
      (stream) => {
        void stream.comment('');
        void stream.comment('data: no\r\ndata: neither\revent: nor this\nid: 9');
        void stream.comment('x'.repeat(4_096));
        void stream.send({ comment: 'nul \0\n\n', data: 'one', event: 'named', id: 1 });
        void stream.comment('between');
        void stream.send({ retry: 1_000 });
        void stream.send('two');
      },
      ['named'],
    );
    expect(await source.events(2)).toMatchObject([
      { type: 'named', data: 'one', lastEventId: '1' },
      { type: 'message', data: 'two', lastEventId: '1' },
    ]);
  });

  it('the first bytes open the source and make no event, nor do heartbeats', async () => {
    const hub = createHub({ heartbeatMs: 100 });
    let stream: Connection | undefined;
    const handler = (exchange: { stream: Connection }) => {
      stream = exchange.stream.open();
    };
    const server = await framework.serve(handler, { hub });
    const source = await BrowserSource.open(await openPage(server.url), '/stream');
    await source.opened();
    const [socket] = [...server.sockets].filter(({ bytesWritten }) => bytesWritten > 0).slice(-1);
    const before = socket?.bytesWritten ?? 0;
    await expect.poll(() => socket?.bytesWritten, { interval: 10, timeout: 10_000 }).toBeGreaterThan(before + 20);
    expect(await source.read()).toMatchObject({ events: [], errors: [], readyState: OPEN });
    void stream?.send('real');
    expect(await source.events(1)).toMatchObject([{ data: 'real' }]);
  });

  it('a burst of many events arrives whole and in order', async () => {
    const count = 5_000;
    const hub = createHub();
    const server = await framework.serve(({ stream }) => stream.subscribe('burst'), { hub });
    const source = await BrowserSource.open(await openPage(server.url), '/stream', { types: ['sse.open'] });
    await source.events(1);
    for (let n = 0; n < count; n++) void hub.publish('burst', { data: n });
    const seen = (await source.events(1 + count)).slice(1).map(({ data }) => Number(data));
    expect(seen).toEqual(Array.from({ length: count }, (_, n) => n));
  });

  it('large events arrive whole', async () => {
    const data = 'ü0123456789'.repeat(80_000);
    const { source } = await listen((stream) => void stream.send({ data }));
    const [event] = await source.events(1);
    expect(event?.data === data).toBe(true);
  });
});
