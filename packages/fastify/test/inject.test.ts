import { collect } from '@headwater/testing';
import { describe, expect, it } from 'vitest';
import { sendAndClose, sseApp, until } from './kit.js';

describe('app.inject', () => {
  it('resolves with the whole stream when it has ended', async () => {
    const app = await sseApp();
    app.get('/', async (_request, reply) => {
      await reply.sse.send({ event: 'hi', data: { n: 1 } });
      await reply.sse.send('bye');
      reply.sse.close();
    });
    const response = await app.inject('/');
    expect(response.statusCode).toBe(200);
    expect(response.headers['content-type']).toBe('text/event-stream');
    expect(response.body).toBe('retry: 2000\n:\nevent: hi\ndata: {"n":1}\n\ndata: bye\n\n');
  });

  it('yields events as they come with payloadAsStream', async () => {
    const app = await sseApp();
    app.get('/news', (_request, reply) => reply.sse.subscribe('news'));
    const stream = await collect(app.inject({ url: '/news', payloadAsStream: true }));
    expect(stream.status).toBe(200);
    await stream.until('sse.open');
    await app.sse.publish('news', 'one');
    expect((await stream.next()).data).toBe('one');
    await app.sse.publish('news', 'two');
    expect((await stream.next()).data).toBe('two');
    app.sse.disconnect({ channel: 'news' });
    expect(await stream.closed).toEqual({ reason: 'end' });
  });

  it('has the server notice that the client goes', async () => {
    const app = await sseApp();
    app.get('/news', (_request, reply) => reply.sse.subscribe('news'));
    const stream = await collect(app.inject({ url: '/news', payloadAsStream: true }));
    await stream.until('sse.open');
    const [connection] = app.sse.connections;
    await stream.close();
    await until(() => app.sse.connections.size === 0);
    expect(await connection?.closed).toEqual({ reason: 'client', detail: undefined });
  });

  it('runs through onSend hooks that take their time', async () => {
    const app = await sseApp();
    app.addHook('onSend', async (_request, reply) => {
      await new Promise<void>((resolve) => setImmediate(resolve));
      reply.header('x-on-send', 'yes');
    });
    app.get('/', (_request, reply) => sendAndClose(reply, 'x'));
    const response = await app.inject('/');
    expect(response.headers['x-on-send']).toBe('yes');
    expect(response.body).toContain('data: x\n\n');
  });
});
