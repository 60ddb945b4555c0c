/**
 * Group B: status, headers and first bytes.
 *
 * | row | where |
 * |---|---|
 * | B1 to B6, B8, B11, B12, B16 | below, on every leg |
 * | B7 | cors.test.ts |
 * | B9 | start-http2.test.ts |
 * | B10, B13 | start-http1.test.ts |
 * | B14, B15 | start-http1.test.ts, with npm's EventSource; Chromium: packages/core and the adapters, *.browser.ts |
 */
import type { Policy } from '@headwater/core';
import { expect, it } from 'vitest';
import type { Handler } from './kit/app.js';
import { LEGS } from './kit/legs.js';
import { onEach } from './kit/on-each.js';
import { serve, share } from './kit/served.js';
import { until } from './kit/wait.js';

const PRELUDE = 'retry: 2000\n:\n';
const opens: Handler = (connection) => void connection.open();

onEach(LEGS, (leg) => {
  const server = share(leg);
  const headersOf = async (handler: Handler) => {
    const stream = await server().open(handler);
    await stream.close();
    return stream.headers;
  };

  it('B1 sends the headers of an event stream, and no others of its own', async () => {
    const headers = await headersOf(opens);
    expect(headers).toMatchObject({
      'content-type': 'text/event-stream',
      'cache-control': 'no-cache, no-transform',
      'x-accel-buffering': 'no',
    });
    const own = Object.keys(headers).filter((name) => !['date', 'x-powered-by'].includes(name));
    const framing = ['connection', 'transfer-encoding'].filter((name) => name in headers);
    expect(own.toSorted()).toEqual([...framing, 'cache-control', 'content-type', 'x-accel-buffering'].toSorted());
  });

  it('B2 sends headers and first bytes with open, before there is any event', async () => {
    const stream = await server().open(opens);
    await stream.when(({ text }) => text === PRELUDE);
    expect(stream).toMatchObject({ status: 200, isOpen: true, retry: 2000, comments: [''], events: [] });
    await stream.close();
  });

  it('B2 announces the retry that open was given', async () => {
    const stream = await server().open((connection) => void connection.open({ retryMs: 700 }));
    await stream.when(({ text }) => text === 'retry: 700\n:\n');
    await stream.close();
  });

  it('B3 keeps a status that was set before, and lets open set another', async () => {
    const before = await server().open((connection, context) => {
      context.setStatus(202);
      connection.open();
    });
    expect(before.status).toBe(202);
    const given = await server().open((connection, context) => {
      context.setStatus(202);
      connection.open({ status: 203 });
    });
    expect(given.status).toBe(203);
    await Promise.all([before.close(), given.close()]);
  });

  it('B3 is not moved by a status that is set after the first bytes', async () => {
    const stream = await server().open(async (connection, context) => {
      await connection.send('one');
      context.setStatus(500);
      await connection.send('two');
    });
    expect(stream.status).toBe(200);
    expect(await stream.take(2)).toMatchObject([{ data: 'one' }, { data: 'two' }]);
    await stream.close();
  });

  it('B4 keeps the headers that were set before, and has none that come after', async () => {
    const stream = await server().open((connection, context) => {
      context.setHeader('x-before', 'yes');
      context.setHeader('vary', 'origin');
      context.raw.setHeader('x-raw', 'yes');
      connection.open();
      try {
        context.setHeader('x-after', 'yes');
      } catch (error) {
        expect(error).toMatchObject({ code: expect.stringMatching(/^ERR_HTTP2?_HEADERS_SENT$/) });
      }
      return connection.send('still there');
    });
    expect(stream.headers).toMatchObject({ 'x-before': 'yes', vary: 'origin', 'x-raw': 'yes' });
    expect(stream.headers).not.toHaveProperty('x-after');
    expect(await stream.next()).toMatchObject({ data: 'still there' });
    await stream.close();
  });

  it.each([
    ['private', 'private, no-transform'],
    ['no-store', 'no-store, no-transform'],
    ['no-cache, no-transform, max-age=0', 'no-cache, no-transform, max-age=0'],
    ['public, max-age=60', 'no-cache, no-transform'],
  ])('B4 makes of an earlier cache-control "%s" a "%s"', async (earlier, sent) => {
    const headers = await headersOf((connection, context) => {
      context.setHeader('cache-control', earlier);
      connection.open();
    });
    expect(headers['cache-control']).toBe(sent);
  });

  it('B5 lets open override, add and remove headers', async () => {
    const headers = await headersOf((connection, context) => {
      context.setHeader('x-before', 'yes');
      connection.open({
        headers: {
          'Cache-Control': 'no-store',
          'x-accel-buffering': undefined,
          'x-before': undefined,
          'x-many': ['a', 'b'],
          'content-type': 'text/event-stream; charset=utf-8',
        },
      });
    });
    expect(headers).toMatchObject({
      'cache-control': 'no-store',
      'x-many': 'a, b',
      'content-type': 'text/event-stream; charset=utf-8',
    });
    expect(headers).not.toHaveProperty('x-accel-buffering');
    expect(headers).not.toHaveProperty('x-before');
  });

  it.each([
    ['a name', { 'x y': 'a' }],
    ['a value with a line break', { x: 'a\r\nset-cookie: evil' }],
    ['a number', { x: 7 }],
  ])(
    'B5 answers %s that HTTP does not allow with an error, and leaves no header of a stream behind',
    async (_name, headers) => {
      const stream = await server().open((connection) => void connection.open({ headers: headers as never }));
      await stream.closed;
      expect(stream).toMatchObject({
        status: 500,
        headers: { 'content-type': expect.stringContaining('application/json') },
      });
      expect(stream.headers).not.toHaveProperty('x-accel-buffering');
      expect(stream.headers).not.toHaveProperty('set-cookie');
    },
  );

  it('B6 keeps two cookies', async () => {
    const headers = await headersOf((connection, context) => {
      context.setHeader('set-cookie', ['a=1; Path=/', 'b=2']);
      connection.open();
    });
    expect(headers['set-cookie']).toEqual(['a=1; Path=/', 'b=2']);
  });

  it('B8 has no content-length and no etag, even if something has set them', async () => {
    const stream = await server().open((connection, context) => {
      context.setHeader('content-length', '0');
      context.setHeader('etag', '"x"');
      return connection.send('there is a body');
    });
    expect(stream.headers).not.toHaveProperty('content-length');
    expect(stream.headers).not.toHaveProperty('etag');
    expect(await stream.next()).toMatchObject({ data: 'there is a body' });
    await stream.close();
  });

  it('B11 answers HEAD with the headers and ends, and leaves nothing behind', async () => {
    const strict = await serve(leg, { hub: { maxConnections: 1 } });
    const results: unknown[] = [];
    const policies = ['earliest', 'reject', 'live'] as const;
    const handler: Handler = async (connection) => {
      const onReset = policies[results.length / 3] as Policy;
      results.push(await connection.subscribe('news', { onReset }), await connection.send('x'), connection.isOpen);
    };
    const path = strict.route(handler);
    for (const _policy of policies) {
      const head = await strict.open(path, { method: 'HEAD' });
      expect(await head.closed).toEqual({ reason: 'end' });
      expect(head).toMatchObject({ status: 200, text: '', headers: { 'content-type': 'text/event-stream' } });
    }
    await until(() => results.length === 9);
    expect(results).toEqual(
      Array(3)
        .fill([{ resume: 'closed', channels: [] }, false, false])
        .flat(),
    );
    expect(strict.hub.connections.size).toBe(0);
    expect(strict.record).toMatchObject({ refusals: [], errors: [] });
    await strict.hub.publish('news', 'nobody');
    expect(strict.record.writes).toBe(0);
  });

  it.each([
    ['text/event-stream', 200],
    ['*/*', 200],
    ['text/*', 200],
    ['application/json', 200],
    ['Text/Event-Stream', 200],
    ['text/html, application/xml;q=0.9, */*;q=0.8', 200],
    ['text/event-stream;q=0.001', 200],
    ['*/*;q=0, text/event-stream', 200],
    ['nonsense', 200],
    ['text/event-stream;q=0', 406],
    ['text/event-stream; q=0.000', 406],
    ['TEXT/EVENT-STREAM;Q=0', 406],
    ['*/*, text/event-stream;q=0', 406],
    ['application/json, text/*;q=0', 406],
    ['*/*;q=0', 406],
  ])('B12 answers Accept: %s with %i', async (accept, status) => {
    const stream = await server().open((connection) => connection.subscribe('news'), { headers: { accept } });
    expect(stream.status).toBe(status);
    if (status === 406) {
      await stream.closed;
      expect(JSON.parse(stream.text)).toMatchObject({ code: 'ERR_SSE_NOT_ACCEPTABLE' });
    }
    await stream.close();
  });

  it('B16 leaves errors from before the start to the application, whatever they are', async () => {
    const { failures, hub } = server();
    const before = failures.length;
    const thrown = await server().open((connection) => {
      expect(connection.isOpen).toBe(false);
      throw Object.assign(new Error('who are you?'), { statusCode: 401, code: 'E_LOGIN' });
    });
    const rejected = await server().open(async () => {
      await Promise.resolve();
      throw Object.assign(new Error('not here'), { statusCode: 404, code: 'E_ROOM' });
    });
    const answered = await server().open((_connection, context) => context.answer(404, { error: 'no room' }));
    await Promise.all([thrown.closed, rejected.closed, answered.closed]);
    expect([thrown, rejected, answered]).toMatchObject([{ status: 401 }, { status: 404 }, { status: 404 }]);
    expect(JSON.parse(thrown.text)).toEqual({ handledBy: 'the application', code: 'E_LOGIN', message: 'who are you?' });
    expect(JSON.parse(rejected.text)).toMatchObject({ handledBy: 'the application', code: 'E_ROOM' });
    expect(JSON.parse(answered.text)).toEqual({ error: 'no room' });
    for (const { headers } of [thrown, rejected, answered]) expect(headers).not.toHaveProperty('x-accel-buffering');
    expect(failures.slice(before)).toMatchObject([{ code: 'E_LOGIN' }, { code: 'E_ROOM' }]);
    expect(hub.connections.size).toBe(0);
  });

  it.each(['returned', 'left floating'])(
    'B16 answers what subscribe rejects with before the start, if its promise is %s',
    async (how) => {
      const strict = await serve(leg);
      const stream = await strict.open(
        (connection) => {
          const promise = connection.subscribe('news', { onReset: 'reject' });
          return how === 'returned' ? promise : undefined;
        },
        { lastEventId: 'nonsense' },
      );
      await stream.closed;
      expect(stream.status).toBe(400);
      // Without a framework nobody else could answer what nobody awaits.
      const isHandled = leg.framework !== 'node' || how === 'returned';
      expect(strict.failures).toMatchObject(isHandled ? [{ code: 'ERR_SSE_RESET_REJECTED' }] : []);
      // What a client may not have is no failure of the server's.
      expect(strict.record.errors).toEqual([]);
      expect(strict.hub.connections.size).toBe(0);
    },
  );

  it.each([204, 205, 304, 199, 600, 200.5])('B16 refuses to open a stream with status %d', async (status) => {
    const stream = await server().open((connection) => void connection.open({ status }));
    await stream.closed;
    expect(stream.status).toBe(500);
    expect(JSON.parse(stream.text)).toMatchObject({ code: 'ERR_SSE_NOT_STREAMABLE' });
  });
});
