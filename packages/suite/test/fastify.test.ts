/**
 * Group G, Fastify: one test for each row. What the adapter does in detail is in packages/fastify/test.
 *
 * | row | where |
 * |---|---|
 * | G1 to G7 | below |
 * | G6 (handlerTimeout, connectionTimeout, http2SessionTimeout) | packages/fastify/test/timeouts.test.ts |
 */
import compress from '@fastify/compress';
import cookie from '@fastify/cookie';
import helmet from '@fastify/helmet';
import rateLimit from '@fastify/rate-limit';
import session from '@fastify/session';
import { createHub, ssePlugin } from '@headwater/fastify';
import { collect, parseEvents } from '@headwater/testing';
import fastify, { type FastifyInstance, type FastifyServerOptions } from 'fastify';
import { expect, it, onTestFinished } from 'vitest';
import { Record } from './kit/record.js';
import { until } from './kit/wait.js';

const make = async (options: FastifyServerOptions = {}) => {
  const app = fastify(options);
  onTestFinished(() => app.close());
  const hub = createHub();
  const record = new Record();
  hub.observe(record);
  await app.register(ssePlugin, { hub });
  return { app, hub, record };
};

const listen = (app: FastifyInstance) => app.listen({ port: 0, host: '127.0.0.1' });

it('G1 runs its hooks in their order, and what onSend sets is sent', async () => {
  const { app, hub } = await make();
  const order: string[] = [];
  app.addHook('onRequest', async () => void order.push('onRequest'));
  app.addHook('preHandler', async () => void order.push('preHandler'));
  app.addHook('onSend', async (_request, reply, payload) => {
    order.push('onSend');
    reply.header('x-on-send', 'yes').header('set-cookie', 'a=1').header('set-cookie', 'b=2');
    return payload;
  });
  app.addHook('onResponse', async () => void order.push('onResponse'));
  app.addHook('onRequestAbort', async (_request) => void order.push('onRequestAbort'));
  app.get('/', (_request, reply) => {
    order.push('handler');
    return reply.sse.subscribe('news');
  });
  const origin = await listen(app);
  const stream = await collect(origin);
  await stream.until('sse.open');
  expect(stream.headers).toMatchObject({ 'x-on-send': 'yes', 'set-cookie': ['a=1', 'b=2'] });
  expect(order).toEqual(['onRequest', 'preHandler', 'handler', 'onSend']);
  hub.disconnect(() => true, 'server');
  await until(() => order.length === 5);
  const abandoned = await collect(origin);
  await abandoned.until('sse.open');
  await abandoned.close();
  await until(() => order.length === 10);
  const head = ['onRequest', 'preHandler', 'handler', 'onSend'];
  expect(order).toEqual([...head, 'onResponse', ...head, 'onRequestAbort']);
});

it('G2 streams with cookie, session, compress, helmet and rate-limit in front', async () => {
  const app = fastify();
  onTestFinished(() => app.close());
  await app.register(cookie);
  await app.register(session, { secret: 'x'.repeat(32), cookie: { secure: false } });
  await app.register(compress, { threshold: 0, global: true });
  await app.register(helmet);
  await app.register(rateLimit, { max: 1 });
  await app.register(ssePlugin);
  app.get('/', (request, reply) => {
    request.session.set('user' as never, 'ann' as never);
    reply.setCookie('own', 'yes');
    return reply.sse.subscribe('news');
  });
  const origin = await listen(app);
  const stream = await collect(fetch(origin, { headers: { 'accept-encoding': 'gzip' } }));
  await stream.until('sse.open');
  expect(stream.headers).toMatchObject({
    'content-type': 'text/event-stream',
    'x-ratelimit-limit': '1',
    'x-content-type-options': 'nosniff',
    'set-cookie': expect.arrayContaining([expect.stringMatching(/^own=yes/), expect.stringMatching(/^sessionId=/)]),
  });
  for (let n = 0; n < 3; n++) {
    await app.sse.publish('news', { data: n });
    expect(await stream.next()).toMatchObject({ data: String(n) });
  }
  const limited = await collect(origin);
  await limited.closed;
  expect(limited.status).toBe(429);
  await stream.close();
});

it('G3 is there in its scope and not outside, and not twice', async () => {
  const app = fastify();
  onTestFinished(() => app.close());
  await app.register(async (scope) => {
    await scope.register(ssePlugin);
    scope.get('/in', (_request, reply) => reply.sse.send(['x']));
  });
  app.get('/out', (_request, reply) => ({ has: 'sse' in reply }));
  expect(parseEvents((await app.inject('/in')).payload)).toMatchObject([{ data: 'x' }]);
  expect((await app.inject('/out')).json()).toEqual({ has: false });
  const { app: twice } = await make();
  await expect(twice.register(ssePlugin)).rejects.toMatchObject({ code: 'ERR_SSE_DECORATED' });
});

it('G4 inject resolves when the stream ends, and yields it live with payloadAsStream', async () => {
  const { app, hub, record } = await make();
  app.get('/whole', (_request, reply) => reply.sse.send(['one', { event: 'two', data: 2 }]));
  app.get('/open', (_request, reply) => reply.sse.subscribe('news'));
  const whole = await app.inject('/whole');
  expect(whole.headers['content-type']).toBe('text/event-stream');
  expect(parseEvents(whole.payload)).toMatchObject([{ data: 'one' }, { event: 'two', data: '2' }]);
  const stream = await collect(app.inject({ url: '/open', payloadAsStream: true }));
  await stream.until('sse.open');
  await hub.publish('news', 'live');
  expect(await stream.next()).toMatchObject({ data: 'live' });
  await stream.close();
  await until(() => record.closes.length === 2);
});

it('G5 has errors from before the start answered by the error handler, and later ones told to the observers', async () => {
  const { app, record } = await make();
  const seen: string[] = [];
  app.setErrorHandler((error: Error, _request, reply) => {
    seen.push(error.message);
    return reply.code(418).send({ handled: true });
  });
  app.get('/before', async (_request, reply) => {
    expect(reply.sse.isOpen).toBe(false);
    throw new Error('before');
  });
  app.get('/after', async (_request, reply) => {
    await reply.sse.send('one');
    throw new Error('after');
  });
  expect(await app.inject('/before')).toMatchObject({ statusCode: 418 });
  const after = await app.inject('/after');
  expect(parseEvents(after.payload)).toMatchObject([{ data: 'one' }]);
  expect(after.payload).not.toContain('after');
  expect(seen).toEqual(['before']);
  expect(record.errors).toMatchObject([{ error: { message: 'after' } }]);
  expect(record.closes).toMatchObject([{ reason: 'error' }]);
});

it('G6 neither a response schema nor a serializer compiler touches the stream', async () => {
  const { app } = await make();
  app.setSerializerCompiler(() => () => 'from the compiler');
  const schema = { response: { '2xx': { type: 'object', properties: { n: { type: 'number' } } } } };
  app.get('/', { schema }, (_request, reply) => reply.sse.send([{ data: { a: 1, n: 'text' } }]));
  expect(parseEvents((await app.inject('/')).payload)).toMatchObject([{ data: '{"a":1,"n":"text"}' }]);
});

it('G7 logs a line when a stream opens and one when it ends, with the reason, and no error for a client that leaves', async () => {
  const lines: { level: number; msg: string; sse?: { reason?: string }; err?: unknown }[] = [];
  const { app, record } = await make({
    logger: { level: 'trace', stream: { write: (line) => void lines.push(JSON.parse(line)) } },
  });
  app.get('/', (_request, reply) => reply.sse.subscribe('news'));
  const stream = await collect(await listen(app));
  await stream.until('sse.open');
  await stream.close();
  await until(() => record.closes.length === 1);
  const ours = lines.filter(({ sse }) => sse);
  expect(ours.map(({ msg, sse }) => [msg, sse?.reason])).toEqual([
    ['event stream opened', undefined],
    ['event stream closed', 'client'],
  ]);
  expect(lines.filter(({ level }) => level >= 40)).toEqual([]);
});
