import { collect } from '@headwater/testing';
import type { RouteHandlerMethod } from 'fastify';
import { describe, expect, it } from 'vitest';
import type { Connection } from '../src/index.js';
import { captureLog, gate, listen, serveHandler, settle, sseApp, until } from './kit.js';

describe("a handler's value", () => {
  it.each<[string, RouteHandlerMethod]>([
    ['what subscribe resolves to', (_request, reply) => reply.sse.subscribe('news')],
    ['what send resolves to', (_request, reply) => reply.sse.send('x')],
    ['an object', (_request, reply) => reply.sse.open() && { besides: true }],
    ['a promise of a text', async (_request, reply) => (await reply.sse.subscribe('news')) && 'besides'],
    ['nothing, later', async (_request, reply) => void (await reply.sse.send('x'))],
    ['nothing, at once', (_request, reply) => void reply.sse.send('x')],
    ['the connection', async (_request, reply) => reply.sse.open()],
    ['the reply', async (_request, reply) => reply.sse.open() && reply],
    ['null', async (_request, reply) => reply.sse.open() && null],
  ])('is not sent once the stream is open: %s', async (_what, handler) => {
    const { url, log, connections } = await serveHandler(handler);
    const stream = await collect(url);
    await settle();
    void connections[0]?.send('after');
    await stream.until(({ data }) => data === 'after');
    expect(stream.text).not.toContain('besides');
    connections[0]?.close();
    expect(await stream.closed).toEqual({ reason: 'end' });
    expect(log.errors).toEqual([]);
  });

  it('is not sent while onSend hooks hold the stream back', async () => {
    const hook = gate();
    const log = captureLog();
    const app = await sseApp(log.options);
    app.addHook('onSend', () => hook.promise);
    app.get('/undefined', async (_request, reply) => void reply.sse.open());
    app.get('/value', async (_request, reply) => reply.sse.open() && { besides: true });
    const url = await listen(app);
    const streams = [collect(`${url}/undefined`), collect(`${url}/value`)];
    await until(() => app.sse.connections.size === 2);
    await settle();
    hook.open();
    for (const stream of await Promise.all(streams)) {
      expect(stream.headers['content-type']).toBe('text/event-stream');
      await stream.when(({ text }) => text === 'retry: 2000\n:\n');
    }
    expect(log.errors).toEqual([]);
  });

  it('is sent as ever where reply.sse was only looked at', async () => {
    const app = await sseApp();
    app.get('/sync', (_request, reply) => ({ id: reply.sse.lastEventId ?? 'none' }));
    app.get('/async', async (_request, reply) => ({ id: reply.sse.lastEventId ?? 'none' }));
    app.post('/publish', async (_request, reply) => {
      await reply.sse.hub.publish('news', 'x');
    });
    app.get('/callback', (_request, reply) => {
      setImmediate(() => reply.send({ id: reply.sse.lastEventId ?? 'none' }));
    });
    for (const url of ['/sync', '/async', '/callback']) {
      expect((await app.inject({ url, headers: { 'last-event-id': 'a' } })).json()).toEqual({ id: 'a' });
    }
    expect(await app.inject({ method: 'POST', url: '/publish' })).toMatchObject({ statusCode: 200, body: '' });
  });

  it('may be a stream that is opened after the handler has returned', async () => {
    const { url } = await serveHandler((_request, reply) => {
      setImmediate(() => void reply.sse.send('late'));
    });
    expect((await (await collect(url)).next()).data).toBe('late');
  });

  it('keeps the name, `this` and the arguments of the handler', async () => {
    const app = await sseApp();
    const names: string[] = [];
    app.addHook('onRoute', (route) => void names.push(route.handler.name));
    app.get('/', function news(request, reply) {
      return { same: this === app && reply.request === request };
    });
    expect((await app.inject('/')).json()).toEqual({ same: true });
    expect(names).toEqual(['news', 'news']);
  });
});

describe("a handler's failure", () => {
  const boom = new Error('boom');

  it.each<[string, RouteHandlerMethod]>([
    [
      'thrown',
      (_request, reply) => {
        void reply.sse;
        throw boom;
      },
    ],
    ['rejected', async (_request, reply) => reply.sse && Promise.reject(boom)],
  ])('before the head goes to the error handler: %s', async (_how, handler) => {
    const app = await sseApp();
    app.setErrorHandler((error: Error, _request, reply) => reply.code(418).send({ caught: error.message }));
    app.get('/', handler);
    const response = await app.inject('/');
    expect(response.statusCode).toBe(418);
    expect(response.json()).toEqual({ caught: 'boom' });
  });

  it.each<[string, RouteHandlerMethod]>([
    [
      'thrown',
      (_request, reply) => {
        void reply.sse.send('first');
        throw boom;
      },
    ],
    ['rejected', async (_request, reply) => (await reply.sse.send('first')) && Promise.reject(boom)],
    ['rejected with a text', async (_request, reply) => (await reply.sse.send('first')) && Promise.reject('boom')],
  ])('after the head goes to the log and ends the stream: %s', async (_how, handler) => {
    const { url, log, connections } = await serveHandler(handler);
    const stream = await collect(url);
    expect((await stream.next()).data).toBe('first');
    expect(await stream.closed).toEqual({ reason: 'end' });
    expect(await connections[0]?.closed).toEqual({ reason: 'error', detail: 'boom' });
    expect(log.errors).toHaveLength(1);
    expect(log.errors[0]?.sse).toMatchObject({ connection: connections[0]?.id });
    expect(stream.text).not.toContain('boom');
  });

  it('is logged for each request, also where the error is always the same', async () => {
    const { url, log } = await serveHandler((_request, reply) => {
      reply.sse.open();
      throw boom;
    });
    for (const count of [1, 2]) {
      await (await collect(url)).closed;
      await until(() => log.errors.length === count);
    }
  });

  it('is logged once where the connection has told of it already', async () => {
    const { url, log } = await serveHandler(async (_request, reply) => {
      await reply.sse.send(
        (async function* () {
          yield 'first';
          throw boom;
        })(),
      );
    });
    const stream = await collect(url);
    expect(await stream.closed).toEqual({ reason: 'end' });
    await settle();
    expect(log.errors.map(({ msg }) => msg)).toEqual(['boom']);
  });

  it('while onSend holds the stream back is answered instead of the stream', async () => {
    const app = await sseApp();
    const hook = gate();
    let connection: Connection | undefined;
    let calls = 0;
    app.addHook('onSend', async () => {
      calls += 1;
      if (calls === 1) await hook.promise;
    });
    app.get('/', async (_request, reply) => {
      connection = reply.sse.open();
      throw boom;
    });
    const response = await app.inject('/');
    hook.open();
    await settle();
    expect(response.statusCode).toBe(500);
    expect(response.json()).toMatchObject({ message: 'boom' });
    expect(await connection?.closed).toEqual({ reason: 'error', detail: 'boom' });
  });
});
