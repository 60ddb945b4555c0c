import { readFileSync } from 'node:fs';
import type { Socket } from 'node:net';
import { coreOf } from '@headwater/core/node';
import { collect } from '@headwater/testing';
import type { FastifyInstance } from 'fastify';
import { describe, expect, it } from 'vitest';
import { Client, captureLog, listen, portOf, sendAndClose, settle, sseApp, until } from './kit.js';

const pem = readFileSync(new URL('../../core/test/fixtures/localhost.pem', import.meta.url));

describe('HEAD', () => {
  it.each([
    ['of a GET route', (app: FastifyInstance) => app.get('/', (_request, reply) => reply.sse.subscribe('news'))],
    ['of its own', (app: FastifyInstance) => app.head('/', (_request, reply) => reply.sse.subscribe('news'))],
    [
      'whose handler awaits',
      (app: FastifyInstance) => app.get('/', async (_request, reply) => void (await reply.sse.send('x'))),
    ],
  ])('route %s answers the headers and leaves nothing behind', async (_which, declare) => {
    const log = captureLog();
    const app = await sseApp(log.options);
    declare(app);
    await listen(app);
    const client = new Client(portOf(app)).request('HEAD / HTTP/1.1');
    await client.sees('\r\n\r\n');
    expect(client.text).toMatch(/^HTTP\/1.1 200 OK\r\n/);
    expect(client.text).toMatch(/content-type: text\/event-stream\r\n/i);
    expect(client.text).toMatch(/x-accel-buffering: no\r\n/i);
    expect(client.text).not.toMatch(/content-length/i);
    // The connection is free for the next request, and nothing came between.
    client.clear();
    client.request('HEAD / HTTP/1.1');
    await client.sees('\r\n\r\n');
    expect(client.text).toMatch(/^HTTP\/1.1 200 OK\r\n/);
    expect(client.text.endsWith('\r\n\r\n')).toBe(true);
    expect(app.sse.connections.size).toBe(0);
    expect(coreOf(app.sse).lingering).toBe(0);
    expect(log.errors).toEqual([]);
  });
});

describe('HTTP/1.1', () => {
  it('keeps the connection alive after the end of a stream', async () => {
    const app = await sseApp();
    app.get('/', (_request, reply) => sendAndClose(reply, 'x'));
    app.get('/plain', () => 'plain');
    await listen(app);
    const client = new Client(portOf(app)).request('GET / HTTP/1.1');
    await client.sees('\r\n0\r\n\r\n');
    client.clear();
    client.request('GET /plain HTTP/1.1');
    await client.sees('\r\n\r\nplain');
    expect(client.text).toMatch(/^HTTP\/1.1 200 OK\r\n/);
  });

  it('leaves no listener on a connection that serves 1,000 streams, one after the other', {
    timeout: 60_000,
  }, async () => {
    const app = await sseApp();
    app.get('/', async (_request, reply) => {
      await reply.sse.subscribe('news');
      void reply.sse.send('x');
      reply.sse.close();
    });
    const sockets: Socket[] = [];
    app.server.on('connection', (socket: Socket) => void sockets.push(socket));
    await listen(app);
    const client = new Client(portOf(app));
    const listeners = () =>
      sockets[0]?.eventNames().map((name) => `${String(name)} ${sockets[0]?.listenerCount(name)}`);
    let early: string[] | undefined;
    for (let request = 1; request <= 1_000; request += 1) {
      client.request('GET / HTTP/1.1');
      await client.sees('\r\n0\r\n\r\n');
      client.clear();
      if (request === 2) early = listeners();
    }
    await settle();
    expect(sockets).toHaveLength(1);
    expect(early?.length).toBeGreaterThan(0);
    expect(listeners()).toEqual(early);
    expect(app.sse.connections.size).toBe(0);
  });

  it('streams to pipelined requests one after the other', async () => {
    const app = await sseApp();
    app.get('/:name', (request, reply) => sendAndClose(reply, (request.params as { name: string }).name));
    await listen(app);
    const client = new Client(portOf(app)).request('GET /first HTTP/1.1').request('GET /second HTTP/1.1');
    await client.sees('data: second');
    expect(client.text.indexOf('data: first')).toBeLessThan(client.text.indexOf('data: second'));
  });

  it('streams without chunks to HTTP/1.0', async () => {
    const app = await sseApp();
    app.get('/', (_request, reply) => sendAndClose(reply, 'x'));
    await listen(app);
    const client = new Client(portOf(app)).request('GET / HTTP/1.0');
    await until(() => client.isClosed);
    expect(client.text).not.toMatch(/transfer-encoding/i);
    expect(client.text).toMatch(/\r\n\r\nretry: 2000\n:\ndata: x\n\n$/);
  });

  it('works over TLS', async () => {
    const app = await sseApp({ https: { key: pem, cert: pem } } as object);
    app.get('/', (_request, reply) => reply.sse.subscribe('news'));
    const stream = await collect(`${await listen(app)}/`, { tls: { ca: pem, servername: 'localhost' } });
    await stream.until('sse.open');
    await app.sse.publish('news', 'x');
    expect((await stream.next()).data).toBe('x');
  });

  it('takes a POST whose body was read before', async () => {
    const app = await sseApp();
    app.post('/', async (request, reply) => {
      await reply.sse.send({ data: request.body });
    });
    const stream = await collect(`${await listen(app)}/`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: '{"n":1}',
    });
    expect((await stream.next()).json()).toEqual({ n: 1 });
    await settle();
    expect(stream.isOpen).toBe(true);
  });
});
