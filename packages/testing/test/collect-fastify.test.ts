import { once } from 'node:events';
import type { ServerResponse } from 'node:http';
import { fastify } from 'fastify';
import { describe, expect, it } from 'vitest';
import { collect } from '../src/index.js';
import { stream } from './serve.js';

function news() {
  const app = fastify();
  const responses: ServerResponse[] = [];
  app.get('/news', (_request, reply) => {
    reply.hijack();
    responses.push(stream(reply.raw, 'data: a\n\n'));
  });
  app.get('/short', (_request, reply) => reply.type('text/event-stream').send('data: a\n\ndata: b\n\n'));
  return { app, responses };
}

describe("collect with Fastify's inject", () => {
  it('has the events of a complete response at once', async () => {
    const events = await collect(await news().app.inject('/short'));
    expect(events).toMatchObject({ status: 200, headers: { 'content-type': 'text/event-stream' } });
    expect(events.events).toMatchObject([{ data: 'a' }, { data: 'b' }]);
    expect(await events.closed).toEqual({ reason: 'end' });
    await events.close();
  });

  it('follows a stream with payloadAsStream', async () => {
    const { app, responses } = news();
    const events = await collect(app.inject({ url: '/news', payloadAsStream: true }));
    expect(await events.next()).toMatchObject({ data: 'a' });
    responses[0]!.write('data: b\n\n');
    expect(await events.next()).toMatchObject({ data: 'b' });
    responses[0]!.end();
    expect(await events.closed).toEqual({ reason: 'end' });
  });

  it('lets the server see the client go', async () => {
    const { app, responses } = news();
    const events = await collect(app.inject({ url: '/news', payloadAsStream: true }));
    const gone = once(responses[0]!, 'close');
    await events.close();
    await gone;
    expect(await events.closed).toEqual({ reason: 'close' });
  });

  it('sees the server cut', async () => {
    const { app, responses } = news();
    const events = await collect(app.inject({ url: '/news', payloadAsStream: true }));
    responses[0]!.destroy();
    expect(await events.closed).toMatchObject({ reason: 'cut' });
    await expect(events.take(2)).rejects.toThrow('inject GET /news (200, text/event-stream) is over');
  });

  it('takes a chain that has not been awaited', async () => {
    const events = await collect(news().app.inject().get('/short'));
    expect(events.events).toHaveLength(2);
  });
});
