import { collect } from '@headwater/testing';
import type { FastifyInstance } from 'fastify';
import { describe, expect, it } from 'vitest';
import type { Connection } from '../src/index.js';
import { Client, captureLog, gate, listen, noSockets, portOf, settle, sseApp, until } from './kit.js';

/** Notes the hooks of an application, and what a stream does, in order. */
function watchOrder(app: FastifyInstance): string[] {
  const order: string[] = [];
  app.addHook('onRequest', async () => void order.push('onRequest'));
  app.addHook('preParsing', async () => void order.push('preParsing'));
  app.addHook('preValidation', async () => void order.push('preValidation'));
  app.addHook('preHandler', async () => void order.push('preHandler'));
  app.addHook('preSerialization', async () => void order.push('preSerialization'));
  app.addHook('onSend', async (_request, reply, payload) => {
    order.push('onSend');
    reply.header('x-on-send', 'yes').header('set-cookie', 'late=1');
    return payload;
  });
  app.addHook('onResponse', async () => void order.push('onResponse'));
  app.addHook('onRequestAbort', async (_request) => void order.push('onRequestAbort'));
  app.get('/', (_request, reply) => {
    order.push('handler');
    void reply.sse.closed.then(() => order.push('closed'));
    return reply.sse.subscribe('news');
  });
  return order;
}

const BEFORE = ['onRequest', 'preParsing', 'preValidation', 'preHandler', 'handler', 'onSend'];

describe('hooks around an event stream', () => {
  it('run up to onSend before the head, and onResponse when the server has ended the stream', async () => {
    const app = await sseApp();
    const order = watchOrder(app);
    const stream = await collect(`${await listen(app)}/`);
    await stream.until('sse.open');
    expect(order).toEqual(BEFORE);
    expect(stream.headers).toMatchObject({ 'x-on-send': 'yes', 'set-cookie': ['late=1'] });
    app.sse.disconnect(() => true);
    await stream.closed;
    await until(() => order.includes('onResponse'));
    expect(order).toEqual([...BEFORE, 'closed', 'onResponse']);
  });

  it('run onRequestAbort and no onResponse when the client leaves', async () => {
    const app = await sseApp();
    const order = watchOrder(app);
    const stream = await collect(`${await listen(app)}/`);
    await stream.until('sse.open');
    await stream.close();
    await until(() => order.includes('onRequestAbort') && order.includes('closed'));
    expect(order).toHaveLength(BEFORE.length + 2);
    expect(order).not.toContain('onResponse');
  });

  it('hold the stream back while onSend is slow, and then everything comes in order', async () => {
    const app = await sseApp();
    const hook = gate();
    let connection: Connection | undefined;
    app.addHook('onSend', async (_request, reply, payload) => {
      await hook.promise;
      reply.header('x-on-send', 'yes');
      return payload;
    });
    app.get('/', async (_request, reply) => {
      connection = reply.sse;
      await reply.sse.subscribe('news');
      void reply.sse.send('private');
    });
    const url = await listen(app);
    const collecting = collect(`${url}/`);
    await until(() => (connection?.pendingBytes ?? 0) > 0 && connection?.isLive === true);
    await app.sse.publish('news', 'one');
    const { id } = await app.sse.publish('news', 'two');
    await until(() => connection?.lag === 0);
    expect(connection?.isOpen).toBe(true);
    const before = connection?.pendingBytes;
    hook.open();
    const stream = await collecting;
    expect(stream.headers).toMatchObject({ 'x-on-send': 'yes', 'content-type': 'text/event-stream' });
    expect((await stream.take(4)).map(({ event, data }) => (event === 'message' ? data : event))).toEqual([
      'sse.open',
      'private',
      'one',
      'two',
    ]);
    expect(stream.lastEventId).toBe(id);
    expect(before).toBe(stream.raw.length);
    await until(() => connection?.pendingBytes === 0);
  });

  it('end the stream behind a slow onSend where the stream was closed before', async () => {
    const app = await sseApp();
    const hook = gate();
    app.addHook('onSend', async () => hook.promise);
    app.get('/', (_request, reply) => {
      void reply.sse.send('only');
      reply.sse.close({ retryMs: 777 });
      hook.open();
    });
    const stream = await collect(`${await listen(app)}/`);
    expect((await stream.next()).data).toBe('only');
    expect(await stream.closed).toEqual({ reason: 'end' });
    expect(stream.retry).toBe(777);
  });

  it('count what waits behind onSend, and end who has too much of it as slow', async () => {
    const app = await sseApp();
    const hook = gate();
    let connection: Connection | undefined;
    app.addHook('onSend', async () => hook.promise);
    app.get('/', (_request, reply) => {
      connection = reply.sse;
      const text = 'x'.repeat(100_000);
      while (!connection.signal.aborted) void connection.send(text);
    });
    const collecting = collect(`${await listen(app)}/`);
    await until(() => connection?.signal.aborted === true);
    expect(await connection?.closed).toMatchObject({ reason: 'slow' });
    hook.open();
    const stream = await collecting;
    expect(await stream.closed).toMatchObject({ reason: 'cut' });
    expect(stream.events).toHaveLength(0);
  });

  it('stop the chain where a preHandler has opened the stream', async () => {
    const app = await sseApp();
    let handled = false;
    app.addHook('preHandler', async (_request, reply) => {
      void reply.sse.send('from the hook');
      reply.sse.close();
      return reply;
    });
    app.get('/', async () => {
      handled = true;
      return 'never';
    });
    const response = await app.inject('/');
    expect(response.body).toContain('data: from the hook');
    expect(handled).toBe(false);
  });

  it('have nobody to stream to where the client leaves while onSend is slow', async () => {
    const log = captureLog();
    const app = await sseApp(log.options);
    const hook = gate();
    let connection: Connection | undefined;
    app.addHook('onSend', () => hook.promise);
    app.get('/', (_request, reply) => {
      connection = reply.sse;
      return reply.sse.subscribe('news');
    });
    await listen(app);
    const client = new Client(portOf(app)).request('GET / HTTP/1.1');
    await until(() => connection?.isOpen === true);
    client.socket.destroy();
    await noSockets(app);
    expect(await connection?.closed).toEqual({ reason: 'client', detail: undefined });
    hook.open();
    await settle();
    expect(app.sse.connections.size).toBe(0);
    expect(log.errors).toEqual([]);
  });

  it('cannot give the stream a length', async () => {
    const app = await sseApp();
    app.addHook('onSend', async (_request, reply) => {
      reply.header('content-length', '0');
    });
    app.get('/', (_request, reply) => reply.sse.send('x'));
    const stream = await collect(`${await listen(app)}/`);
    expect((await stream.next()).data).toBe('x');
    expect(stream.headers).not.toHaveProperty('content-length');
  });

  it('leave trailers unsent, and the stream alone', async () => {
    const app = await sseApp();
    let connection: Connection | undefined;
    app.get('/', (_request, reply) => {
      reply.trailer('x-trailer', async () => 'never');
      connection = reply.sse;
      return reply.sse.send('one');
    });
    const stream = await collect(`${await listen(app)}/`);
    expect((await stream.next()).data).toBe('one');
    await settle();
    void connection?.send('two');
    expect((await stream.next()).data).toBe('two');
    connection?.close();
    expect(await stream.closed).toEqual({ reason: 'end' });
  });
});
