import { PassThrough, pipeline, type Readable } from 'node:stream';
import { coreOf } from '@headwater/core/node';
import { collect } from '@headwater/testing';
import { fastify } from 'fastify';
import { describe, expect, it, onTestFinished } from 'vitest';
import { type Connection, ssePlugin } from '../src/index.js';
import { captureLog, gate, type Log, listen, settle, sseApp, until } from './kit.js';

/** An application whose onSend hook is `hook`, and its only connection. */
async function withOnSend(hook: (payload: unknown) => unknown, onRoute = false) {
  const log: Log = captureLog();
  const app = await sseApp(log.options);
  const connections: Connection[] = [];
  if (onRoute) {
    // As plugins do that come later.
    app.addHook('onRoute', (route) => {
      route.onSend = [route.onSend ?? []].flat().concat(async (_request, _reply, payload) => hook(payload));
    });
  } else {
    app.addHook('onSend', async (request, _reply, payload) => (request.url === '/plain' ? payload : hook(payload)));
  }
  app.get('/', (_request, reply) => {
    connections.push(reply.sse);
    return reply.sse.subscribe('news');
  });
  app.get('/plain', () => 'plain');
  return { app, log, connections };
}

const isText = (payload: unknown) => typeof payload === 'string';

describe('an onSend hook that replaces the stream', () => {
  it.each<[string, (payload: unknown) => unknown]>([
    ['by a text', (payload) => (isText(payload) ? payload : 'replaced')],
    ['by nothing', (payload) => (isText(payload) ? payload : null)],
    ['by a stream of its own', (payload) => (isText(payload) ? payload : new PassThrough().end('replaced'))],
    [
      'by piping it into another',
      (payload) => (isText(payload) ? payload : pipeline(payload as Readable, new PassThrough(), () => {})),
    ],
    [
      'by what it reads from it',
      async (payload) => {
        if (isText(payload)) return payload;
        let text = '';
        for await (const chunk of payload as Readable) text += chunk;
        return text;
      },
    ],
    [
      'by what it waits for in vain',
      (payload) => (isText(payload) ? payload : new Promise((resolve) => (payload as Readable).on('data', resolve))),
    ],
  ])('%s is answered with 500, logged, and ends the connection', async (_how, hook) => {
    const { app, log, connections } = await withOnSend(hook);
    const response = await app.inject('/');
    expect(response.statusCode).toBe(500);
    expect(response.json()).toMatchObject({ code: 'ERR_SSE_PAYLOAD_REPLACED' });
    expect(response.headers['content-type']).toMatch('application/json');
    expect(response.headers).not.toHaveProperty('x-accel-buffering');
    expect(log.errors[0]).toMatchObject({ err: { code: 'ERR_SSE_PAYLOAD_REPLACED' } });
    expect(await connections[0]?.closed).toMatchObject({ reason: 'error' });
    expect(app.sse.connections.size).toBe(0);
    expect(coreOf(app.sse).lingering).toBe(0);
    expect((await app.inject('/plain')).body).toBe('plain');
  });

  it.each<[string, (payload: unknown) => unknown]>([
    ['a text', (payload) => (isText(payload) ? payload : 'replaced')],
    ['a stream', (payload) => (isText(payload) ? payload : new PassThrough().end('replaced'))],
  ])('by %s is logged and ends the connection, where it comes behind every check', async (_how, hook) => {
    const { app, log, connections } = await withOnSend(hook, true);
    const stream = await collect(`${await listen(app)}/`);
    await stream.closed;
    expect(stream.text).toBe('replaced');
    await until(() => log.errors.length > 0);
    expect(log.errors).toMatchObject([{ err: { code: 'ERR_SSE_PAYLOAD_REPLACED' } }]);
    expect(await connections[0]?.closed).toMatchObject({ reason: 'error' });
  });
});

describe('an onSend hook that fails', () => {
  it.each([
    ['at once', false],
    ['later', true],
  ])('%s is answered by the error handler and ends the connection', async (_when, later) => {
    const log = captureLog();
    const app = await sseApp(log.options);
    let connection: Connection | undefined;
    let calls = 0;
    app.setErrorHandler((error: Error, _request, reply) => reply.code(500).send({ caught: error.message }));
    app.addHook('onSend', (_request, _reply, payload, done) => {
      calls += 1;
      if (calls > 1) return done(null, payload);
      if (later) setImmediate(() => done(new Error('no session')));
      else done(new Error('no session'));
    });
    app.get('/', (_request, reply) => {
      reply.code(202);
      connection = reply.sse;
      return reply.sse.subscribe('news');
    });
    const response = await app.inject('/');
    expect(response.json()).toEqual({ caught: 'no session' });
    expect(response.statusCode).toBe(500);
    expect(response.headers).not.toHaveProperty('x-accel-buffering');
    expect(await connection?.closed).toEqual({ reason: 'error', detail: 'no session' });
    expect(app.sse.connections.size).toBe(0);
  });

  it('has the stream of an error handler answered too', async () => {
    const app = await sseApp();
    let calls = 0;
    const connections: Connection[] = [];
    app.setErrorHandler((_error, _request, reply) => {
      connections.push(reply.sse);
      return reply.sse.send('sorry');
    });
    app.addHook('onSend', async (_request, _reply, payload) => {
      calls += 1;
      if (calls === 1) throw new Error('no session');
      return payload;
    });
    app.get('/', () => {
      throw new Error('first');
    });
    const response = await app.inject('/');
    expect(response.statusCode).toBe(500);
    expect(response.json()).toMatchObject({ message: 'no session' });
    expect(await connections[0]?.closed).toMatchObject({ reason: 'error' });
  });

  it('by a head that cannot be sent leaves the answer to the error handler', async () => {
    const app = await sseApp();
    let connection: Connection | undefined;
    app.get('/', (_request, reply) => {
      connection = reply.sse;
      const { writeHead } = reply.raw;
      reply.raw.writeHead = () => {
        reply.raw.writeHead = writeHead;
        throw new Error('hooked');
      };
      return reply.sse.subscribe('news');
    });
    const response = await app.inject('/');
    expect(response.statusCode).toBe(500);
    expect(response.json()).toMatchObject({ message: 'hooked' });
    expect(await connection?.closed).toMatchObject({ reason: 'error' });
    expect(app.sse.connections.size).toBe(0);
  });

  it('leaves alone an onError hook that takes its time', async () => {
    const log = captureLog();
    const app = fastify(log.options);
    const hook = gate();
    // In front of the plugin's own.
    app.addHook('onError', () => hook.promise);
    await app.register(ssePlugin);
    onTestFinished(() => app.close());
    app.addHook('onSend', async (_request, _reply, payload) => {
      if (!isText(payload)) for await (const _chunk of payload as Readable) break;
      return payload;
    });
    app.get('/', (_request, reply) => reply.sse.subscribe('news'));
    const responding = app.inject('/');
    await until(() => log.errors.length > 0);
    await settle();
    hook.open();
    const response = await responding;
    expect(response.statusCode).toBe(500);
    expect(response.json()).toMatchObject({ code: 'ERR_SSE_PAYLOAD_REPLACED' });
  });
});
