import { collect } from '@headwater/testing';
import { fastify } from 'fastify';
import { describe, expect, it, onTestFinished } from 'vitest';
import { createHub, formatEventId, ssePlugin } from '../src/index.js';
import { captureLog, listen, settle, until } from './kit.js';

const lost = { 'last-event-id': formatEventId('zzzz', 7) };

describe('routes that were declared before the plugin has loaded', () => {
  it('stream, and what subscribe and send resolve to is not sent', async () => {
    const log = captureLog();
    const hub = createHub();
    const app = fastify(log.options);
    onTestFinished(() => hub.close());
    // Not awaited: the plugin loads behind the routes.
    app.register(ssePlugin, { hub });
    app.get('/news', (_request, reply) => reply.sse.subscribe('news'));
    app.get('/hello', async (_request, reply) => reply.sse.send('hello'));
    app.get('/reject', async (_request, reply) => reply.sse.subscribe('news', { onReset: 'reject' }));
    app.get('/float', async (_request, reply) => void reply.sse.subscribe('news', { onReset: 'reject' }));
    const url = await listen(app);
    for (const path of ['news', 'reject', 'float']) {
      const stream = await collect(`${url}/${path}`);
      await stream.until('sse.open');
      await settle();
      expect(stream.isOpen).toBe(true);
    }
    expect((await (await collect(`${url}/hello`)).next()).data).toBe('hello');
    expect((await fetch(`${url}/reject`, { headers: lost })).status).toBe(400);
    expect((await fetch(`${url}/float`, { headers: lost })).status).toBe(400);
    expect(log.errors).toEqual([]);
  });

  it('have any other value, and failures, in the log', async () => {
    const log = captureLog();
    const app = fastify(log.options);
    app.register(ssePlugin);
    app.get('/value', async (_request, reply) => reply.sse.open() && { besides: true });
    app.get('/sync', (_request, reply) => reply.sse.open() && { besides: true });
    app.get('/throw', async (_request, reply) => {
      reply.sse.open();
      throw new Error('boom');
    });
    const url = await listen(app);
    for (const path of ['value', 'sync']) {
      const stream = await collect(`${url}/${path}`);
      await settle();
      expect(stream.isOpen).toBe(true);
    }
    expect(log.errors.map(({ err }) => err?.code)).toEqual(['ERR_SSE_HEADERS_SENT', 'ERR_SSE_HEADERS_SENT']);
    const stream = await collect(`${url}/throw`);
    await until(() => log.errors.length === 3);
    expect(log.errors[2]?.err).toMatchObject({ message: 'boom' });
    expect(stream.isOpen).toBe(true);
  });
});
