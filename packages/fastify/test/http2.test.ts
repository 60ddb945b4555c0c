import { once } from 'node:events';
import * as http2 from 'node:http2';
import type { FastifyInstance } from 'fastify';
import { describe, expect, it, onTestFinished } from 'vitest';
import type { Connection } from '../src/index.js';
import { captureLog, gate, listen, portOf, sseApp, until } from './kit.js';

describe('HTTP/2', () => {
  async function connect(app: FastifyInstance) {
    await listen(app);
    const session = http2.connect(`http://127.0.0.1:${portOf(app)}`);
    onTestFinished(() => session.destroy());
    await once(session, 'connect');
    return session;
  }

  async function open(session: http2.ClientHttp2Session, headers: http2.OutgoingHttpHeaders) {
    const stream = session.request(headers);
    const read = { stream, text: '', isEnded: false, headers: {} as http2.IncomingHttpHeaders };
    stream.setEncoding('utf8');
    stream.on('data', (text: string) => {
      read.text += text;
    });
    stream.on('end', () => {
      read.isEnded = true;
    });
    stream.on('error', () => {});
    [read.headers] = await once(stream, 'response');
    return read;
  }

  it('has two streams on one session, without hop-by-hop headers and warnings', async () => {
    const warnings: Error[] = [];
    const listener = (warning: Error) => void warnings.push(warning);
    process.on('warning', listener);
    onTestFinished(() => void process.removeListener('warning', listener));
    const log = captureLog();
    const app = await sseApp({ ...log.options, http2: true } as object);
    app.get('/:channel', (request, reply) => {
      reply.header('connection', 'keep-alive').header('x-reply', 'yes');
      return reply.sse.subscribe((request.params as { channel: string }).channel);
    });
    const session = await connect(app);
    const [a, b] = [await open(session, { ':path': '/a' }), await open(session, { ':path': '/b' })];
    await until(() => a.text.includes('sse.open') && b.text.includes('sse.open'));
    expect(a.headers).toMatchObject({ ':status': 200, 'content-type': 'text/event-stream', 'x-reply': 'yes' });
    expect(a.headers).not.toHaveProperty('connection');
    await app.sse.publish('a', 'for a');
    await app.sse.publish('b', 'for b');
    await until(() => a.text.includes('for a') && b.text.includes('for b'));
    expect(a.text).not.toContain('for b');
    // One leaves, the other stays.
    a.stream.close(http2.constants.NGHTTP2_CANCEL);
    await until(() => app.sse.connections.size === 1);
    await app.sse.publish('b', 'more for b');
    await until(() => b.text.includes('more for b'));
    await app.close();
    await until(() => b.isEnded);
    expect(log.errors).toEqual([]);
    expect(warnings.filter(({ name }) => !name.includes('Deprecation'))).toEqual([]);
  });

  it('has nobody to stream to where the client cancels while onSend is slow', async () => {
    const log = captureLog();
    const app = await sseApp({ ...log.options, http2: true } as object);
    const hook = gate();
    app.addHook('onSend', () => hook.promise);
    app.get('/', (_request, reply) => reply.sse.subscribe('news'));
    app.get('/plain', () => 'plain');
    const session = await connect(app);
    const stream = session.request({ ':path': '/' });
    stream.on('error', () => {});
    await until(() => app.sse.connections.size === 1);
    stream.close(http2.constants.NGHTTP2_CANCEL);
    await until(() => app.sse.connections.size === 0);
    hook.open();
    const plain = await open(session, { ':path': '/plain' });
    await until(() => plain.isEnded);
    expect(plain.text).toBe('plain');
    expect(log.errors).toEqual([]);
  });

  it('is closed in spite of clients that do not read', async () => {
    const app = await sseApp({ http2: true } as object);
    let connection: Connection | undefined;
    app.get('/', (_request, reply) => {
      connection = reply.sse.open();
    });
    const session = await connect(app);
    const stream = session.request({ ':path': '/' });
    stream.on('error', () => {});
    await once(stream, 'response');
    // A little more than the window.
    void connection?.send('x'.repeat(100_000));
    await app.close();
    expect(await connection?.closed).toMatchObject({ reason: 'shutdown' });
  });

  it('answers HEAD, and errors before the head', async () => {
    const app = await sseApp({ http2: true } as object);
    app.get('/', (_request, reply) => reply.sse.subscribe('news'));
    const session = await connect(app);
    const head = await open(session, { ':path': '/', ':method': 'HEAD' });
    await until(() => head.isEnded);
    expect(head.headers).toMatchObject({ ':status': 200, 'content-type': 'text/event-stream' });
    const refused = await open(session, { ':path': '/', accept: 'text/event-stream;q=0' });
    expect(refused.headers[':status']).toBe(406);
    await until(() => refused.isEnded);
    expect(app.sse.connections.size).toBe(0);
  });
});
