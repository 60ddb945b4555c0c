import { Readable } from 'node:stream';
import { collect } from '@headwater/testing';
import { describe, expect, it } from 'vitest';
import type { Connection } from '../src/index.js';
import { Client, gate, listen, noSockets, portOf, sseApp } from './kit.js';

describe('reply.sse', () => {
  it('sends the default headers and the first bytes before any event', async () => {
    const app = await sseApp();
    app.get('/', (_request, reply) => {
      reply.sse.open();
    });
    const stream = await collect(`${await listen(app)}/`);
    expect(stream.status).toBe(200);
    expect(stream.headers).toMatchObject({
      'content-type': 'text/event-stream',
      'cache-control': 'no-cache, no-transform',
      'x-accel-buffering': 'no',
    });
    expect(stream.headers).not.toHaveProperty('content-length');
    await stream.when(({ text }) => text === 'retry: 2000\n:\n');
    expect(stream.isOpen).toBe(true);
  });

  it('is made once per reply, and its request is the Fastify request', async () => {
    const app = await sseApp();
    const seen: unknown[] = [];
    app.get('/', (request, reply) => {
      const { sse } = reply;
      seen.push(reply.sse === sse, reply.sse.request === request, reply.sse.hub === app.sse);
      return 'plain';
    });
    const response = await app.inject('/');
    expect(response.body).toBe('plain');
    expect(seen).toEqual([true, true, true]);
  });

  it('streams what is published after subscribe()', async () => {
    const app = await sseApp();
    app.get('/news', (_request, reply) => reply.sse.subscribe('news'));
    const stream = await collect(`${await listen(app)}/news`);
    await stream.until('sse.open');
    await app.sse.publish('news', { event: 'story', data: { n: 1 } });
    expect((await stream.until('story')).json()).toEqual({ n: 1 });
    expect(stream.events.map(({ event }) => event)).toEqual(['sse.open', 'story']);
  });

  it('keeps the status and the headers that were set before, and none that is set after', async () => {
    const app = await sseApp();
    app.addHook('preHandler', async (_request, reply) => {
      reply.header('x-hook', 'hook');
    });
    app.get('/', (_request, reply) => {
      reply.code(201).header('x-reply', 'reply').header('vary', 'origin').header('content-length', 0);
      reply.raw.setHeader('x-raw', 'raw');
      void reply.sse.send('hello');
      reply.code(500).header('x-late', 'late');
    });
    const stream = await collect(`${await listen(app)}/`);
    expect(stream.status).toBe(201);
    expect(stream.headers).toMatchObject({ 'x-hook': 'hook', 'x-reply': 'reply', 'x-raw': 'raw', vary: 'origin' });
    expect(stream.headers).not.toHaveProperty('x-late');
    expect(stream.headers).not.toHaveProperty('content-length');
    expect((await stream.next()).data).toBe('hello');
  });

  it('open() replaces and removes headers, and keeps every cookie', async () => {
    const app = await sseApp();
    app.get('/', (_request, reply) => {
      reply.header('set-cookie', 'a=1').header('set-cookie', 'b=2').header('x-gone', 'x').header('x-kept', 'x');
      reply.raw.setHeader('x-raw-gone', 'x');
      const headers = {
        'cache-control': 'no-store',
        'x-gone': undefined,
        'x-raw-gone': undefined,
        'X-List': ['1', '2'],
      };
      reply.sse.open({ status: 202, headers, retryMs: 1_234 });
    });
    const stream = await collect(`${await listen(app)}/`);
    expect(stream.status).toBe(202);
    expect(stream.headers).toMatchObject({ 'cache-control': 'no-store', 'x-list': '1, 2', 'x-kept': 'x' });
    expect(stream.headers['set-cookie']).toEqual(['a=1', 'b=2']);
    expect(stream.headers).not.toHaveProperty('x-gone');
    expect(stream.headers).not.toHaveProperty('x-raw-gone');
    await stream.when(({ retry }) => retry === 1_234);
  });

  it('keeps an earlier cache-control that is cautious, and drops an etag', async () => {
    const app = await sseApp();
    app.get('/', (_request, reply) => {
      reply.header('cache-control', 'private, max-age=0').header('etag', '"x"');
      reply.sse.open();
    });
    const stream = await collect(`${await listen(app)}/`);
    expect(stream.headers['cache-control']).toBe('private, max-age=0, no-transform');
    expect(stream.headers).not.toHaveProperty('etag');
  });

  it.each([204, 304, 99, 1000])('refuses status %i with ERR_SSE_NOT_STREAMABLE and changes nothing', async (status) => {
    const app = await sseApp();
    app.get('/', (_request, reply) => {
      expect(() => reply.sse.open({ status })).toThrow(expect.objectContaining({ code: 'ERR_SSE_NOT_STREAMABLE' }));
      return { plain: true };
    });
    const response = await app.inject('/');
    expect(response.statusCode).toBe(200);
    expect(response.json()).toEqual({ plain: true });
    expect(response.headers).not.toHaveProperty('x-accel-buffering');
  });

  it('gives 406 to the error handler where Accept excludes event streams', async () => {
    const app = await sseApp();
    app.setErrorHandler((error: { code: string; statusCode: number }, _request, reply) =>
      reply.code(error.statusCode).send({ code: error.code }),
    );
    app.get('/', (_request, reply) => reply.sse.subscribe('news'));
    const response = await app.inject({ url: '/', headers: { accept: 'text/event-stream;q=0, */*' } });
    expect(response.statusCode).toBe(406);
    expect(response.json()).toEqual({ code: 'ERR_SSE_NOT_ACCEPTABLE' });
    expect(response.headers['content-type']).toMatch('application/json');
    expect(response.headers).not.toHaveProperty('x-accel-buffering');
  });

  it('is harmless when the client has gone before the first use', async () => {
    const app = await sseApp();
    const arrived = gate();
    const proceed = gate();
    const done = gate<unknown>();
    let connection: Connection | undefined;
    app.get('/', async (_request, reply) => {
      arrived.open();
      await proceed.promise;
      connection = reply.sse;
      done.open(await connection.subscribe('news'));
    });
    await listen(app);
    const client = new Client(portOf(app)).request('GET / HTTP/1.1');
    await arrived.promise;
    client.socket.destroy();
    await noSockets(app);
    proceed.open();
    expect(await done.promise).toMatchObject({ resume: 'closed' });
    expect(await connection?.closed).toEqual({ reason: 'client', detail: undefined });
    expect(app.sse.connections.size).toBe(0);
  });

  it.each(['close', 'keep'] as const)('at the end of a source with end: %s', async (end) => {
    const app = await sseApp();
    let connection: Connection | undefined;
    app.get('/', async (_request, reply) => {
      connection = reply.sse;
      await reply.sse.send(Readable.from(['a', 'b']), { end });
    });
    const stream = await collect(`${await listen(app)}/`);
    expect((await stream.take(2)).map(({ data }) => data)).toEqual(['a', 'b']);
    if (end === 'close') {
      expect(await stream.closed).toEqual({ reason: 'end' });
      expect(await connection?.closed).toEqual({ reason: 'server', detail: undefined });
    } else {
      expect(connection?.isOpen).toBe(true);
      void connection?.send('c');
      expect((await stream.next()).data).toBe('c');
    }
  });
});
