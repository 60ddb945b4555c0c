import { collect } from '@headwater/testing';
import type { RouteHandlerMethod } from 'fastify';
import { describe, expect, it } from 'vitest';
import { formatEventId } from '../src/index.js';
import { serveHandler, settle } from './kit.js';

/** An id that no log knows: with `onReset: 'reject'` the subscription has something to reject. */
const lost = { 'last-event-id': formatEventId('zzzz', 7) };

describe("subscribe with onReset: 'reject'", () => {
  const subscribe: [string, RouteHandlerMethod][] = [
    ['returned', (_request, reply) => reply.sse.subscribe('news', { onReset: 'reject' })],
    ['awaited', async (_request, reply) => void (await reply.sse.subscribe('news', { onReset: 'reject' }))],
    ['floating', (_request, reply) => void reply.sse.subscribe('news', { onReset: 'reject' })],
    [
      'floating in an async handler',
      async (_request, reply) => void reply.sse.subscribe('news', { onReset: 'reject' }),
    ],
    [
      'floating in an async handler that returns something',
      async (_request, reply) => {
        void reply.sse.subscribe('news', { onReset: 'reject' });
        return 'besides';
      },
    ],
    [
      'floating in an async handler that goes on',
      async (_request, reply) => {
        void reply.sse.subscribe('news', { onReset: 'reject' });
        await reply.sse.closed;
      },
    ],
  ];

  it.each(subscribe)('streams where nothing is lost: %s', async (_how, handler) => {
    const { app, url, log } = await serveHandler(handler);
    const stream = await collect(url);
    await stream.until('sse.open');
    await app.sse.publish('news', 'hello');
    expect((await stream.next()).data).toBe('hello');
    expect(log.errors).toEqual([]);
  });

  it.each(subscribe)('is answered with 400 where something is: %s', async (_how, handler) => {
    const { app, url, log } = await serveHandler(handler);
    const response = await fetch(url, { headers: lost });
    expect(response.status).toBe(400);
    expect(await response.json()).toMatchObject({ code: 'ERR_SSE_RESET_REJECTED' });
    expect(app.sse.connections.size).toBe(0);
    await settle();
    expect(log.errors).toEqual([]);
  });

  it.each<[string, RouteHandlerMethod]>([
    [
      'who catches it, even later',
      async (_request, reply) => {
        try {
          await reply.sse.subscribe('news', { onReset: 'reject' });
        } catch {
          await settle();
          return reply.code(410).send({ gone: true });
        }
      },
    ],
    [
      'who catches it without a promise',
      (_request, reply) => {
        reply.sse.subscribe('news', { onReset: 'reject' }).catch(() => reply.code(410).send({ gone: true }));
      },
    ],
  ])('leaves the answer to the handler %s', async (_who, handler) => {
    const { url, log } = await serveHandler(handler);
    const response = await fetch(url, { headers: lost });
    expect(response.status).toBe(410);
    expect(await response.json()).toEqual({ gone: true });
    await settle();
    expect(log.lines.filter(({ msg }) => /already sent/i.test(msg))).toEqual([]);
  });
});
