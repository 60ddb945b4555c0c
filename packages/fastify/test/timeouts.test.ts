/**
 * What ends slow requests must not end a stream that is merely silent. Each test has a witness: something that began after the
 * stream and is ended by the same timeout.
 */
import { once } from 'node:events';
import * as http2 from 'node:http2';
import { collect } from '@headwater/testing';
import { describe, expect, it, onTestFinished } from 'vitest';
import { Client, listen, portOf, sseApp, until } from './kit.js';

const SHORT_MS = 500;

describe('a silent stream', () => {
  it('outlives handlerTimeout, and request.signal with it', async () => {
    const app = await sseApp({ handlerTimeout: SHORT_MS });
    let signal: AbortSignal | undefined;
    app.get('/', (request, reply) => {
      signal = request.signal;
      return reply.sse.subscribe('news');
    });
    app.get('/witness', () => new Promise(() => {}));
    const url = await listen(app);
    const stream = await collect(`${url}/`);
    await stream.until('sse.open');
    expect((await fetch(`${url}/witness`)).status).toBe(503);
    await app.sse.publish('news', 'still here');
    expect((await stream.next()).data).toBe('still here');
    expect(signal?.aborted).toBe(false);
    await stream.close();
    await until(() => signal?.aborted === true);
  });

  it('outlives connectionTimeout, whose hook is not called', async () => {
    const app = await sseApp({ connectionTimeout: SHORT_MS });
    const timeouts: string[] = [];
    app.addHook('onTimeout', async (request) => void timeouts.push(request.url));
    app.get('/', (_request, reply) => reply.sse.subscribe('news'));
    app.get('/witness', () => new Promise(() => {}));
    const stream = await collect(`${await listen(app)}/`);
    await stream.until('sse.open');
    const witness = new Client(portOf(app)).request('GET /witness HTTP/1.1');
    await until(() => witness.isClosed);
    await app.sse.publish('news', 'still here');
    expect((await stream.next()).data).toBe('still here');
    expect(timeouts).toEqual(['/witness']);
  });

  it('outlives requestTimeout', async () => {
    const app = await sseApp({ requestTimeout: SHORT_MS, http: { connectionsCheckingInterval: 20 } } as object);
    app.get('/', (_request, reply) => reply.sse.subscribe('news'));
    const stream = await collect(`${await listen(app)}/`);
    await stream.until('sse.open');
    const witness = new Client(portOf(app));
    witness.socket.write('GET /witness HTTP/1.1\r\n');
    await until(() => witness.isClosed);
    expect(witness.text).toMatch(/^HTTP\/1.1 408/);
    await app.sse.publish('news', 'still here');
    expect((await stream.next()).data).toBe('still here');
  });

  it('outlives http2SessionTimeout, which counts again when it has ended', async () => {
    const app = await sseApp({ http2: true, http2SessionTimeout: SHORT_MS } as object);
    app.get('/', (_request, reply) => reply.sse.subscribe('news'));
    await listen(app);
    const connect = async () => {
      const session = http2.connect(`http://127.0.0.1:${portOf(app)}`);
      onTestFinished(() => session.destroy());
      await once(session, 'connect');
      return session;
    };
    const session = await connect();
    let text = '';
    const stream = session.request({ ':path': '/' });
    stream.on('data', (part: Buffer) => {
      text += part;
    });
    await until(() => text.includes('sse.open'));
    const witness = await connect();
    await until(() => witness.closed);
    await app.sse.publish('news', 'still here');
    await until(() => text.includes('still here'));
    expect(session.closed).toBe(false);
    app.sse.disconnect(() => true);
    await until(() => session.closed);
  });
});

describe('serialization', () => {
  it('does not touch the stream', async () => {
    const app = await sseApp();
    let calls = 0;
    const touch = () => {
      calls += 1;
      return 'touched';
    };
    app.setSerializerCompiler(() => touch);
    app.setReplySerializer(touch);
    app.addHook('preSerialization', async () => touch());
    const response = { 200: { type: 'object', properties: { n: { type: 'number' } } } };
    app.get('/', { schema: { response } }, async (_request, reply) => {
      await reply.sse.send({ data: { m: 1 } });
      reply.sse.close();
    });
    expect((await app.inject('/')).body).toContain('data: {"m":1}\n\n');
    expect(calls).toBe(0);
  });
});
