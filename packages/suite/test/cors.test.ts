/** B7: cross-origin clients. `cors` and `@fastify/cors`, with credentials, preflights, and errors that a page may read. */
import fastifyCors from '@fastify/cors';
import { sse } from '@headwater/express';
import { ssePlugin } from '@headwater/fastify';
import { collect } from '@headwater/testing';
import cors from 'cors';
import express, { type ErrorRequestHandler } from 'express';
import express4 from 'express4';
import fastify from 'fastify';
import { describe, expect, it, onTestFinished } from 'vitest';
import { listen } from './kit/listen.js';

const ORIGIN = 'https://app.test';
const OPTIONS = { origin: [ORIGIN], credentials: true };

const withExpress = async (framework: typeof express): Promise<string> => {
  const app = framework().use(cors(OPTIONS), sse());
  app.get('/news', (_req, res) => void res.sse.send('hello'));
  app.get('/denied', (_req, _res, next) => next(Object.assign(new Error('who?'), { status: 401 })));
  const errors: ErrorRequestHandler = (error, _req, res, _next) =>
    void res.status(error.status).json({ error: error.message });
  return listen(app.use(errors));
};

const withFastify = async (): Promise<string> => {
  const app = fastify();
  onTestFinished(() => app.close());
  await app.register(fastifyCors, OPTIONS);
  await app.register(ssePlugin);
  app.get('/news', (_request, reply) => reply.sse.send('hello'));
  app.get('/denied', () => {
    throw Object.assign(new Error('who?'), { statusCode: 401 });
  });
  return app.listen({ port: 0, host: '127.0.0.1' });
};

describe.each([
  ['Express 5', () => withExpress(express)],
  ['Express 4', () => withExpress(express4 as unknown as typeof express)],
  ['Fastify', withFastify],
])('%s', (_name, start) => {
  const allowed = {
    'access-control-allow-origin': ORIGIN,
    'access-control-allow-credentials': 'true',
    vary: expect.stringMatching(/origin/i),
  };

  it('B7 a stream has the headers that let the page read it', async () => {
    const stream = await collect(`${await start()}/news`, { headers: { origin: ORIGIN } });
    expect(stream.headers).toMatchObject({ ...allowed, 'content-type': 'text/event-stream' });
    expect(await stream.next()).toMatchObject({ data: 'hello' });
    await stream.close();
  });

  it('B7 a preflight for Last-Event-ID is answered, and opens no stream', async () => {
    const headers = {
      origin: ORIGIN,
      'access-control-request-method': 'GET',
      'access-control-request-headers': 'last-event-id,cache-control',
    };
    const preflight = await collect(`${await start()}/news`, { method: 'OPTIONS', headers });
    await preflight.closed;
    expect(preflight).toMatchObject({ status: 204, text: '' });
    expect(preflight.headers).toMatchObject({
      ...allowed,
      'access-control-allow-headers': expect.stringContaining('last-event-id'),
    });
  });

  it('B7 an error before the start can be read by the page as well', async () => {
    const answer = await collect(`${await start()}/denied`, { headers: { origin: ORIGIN } });
    await answer.closed;
    expect(answer).toMatchObject({ status: 401, headers: allowed });
    expect(answer.text).toContain('who?');
  });

  it('B7 another origin gets no such headers', async () => {
    const stream = await collect(`${await start()}/news`, { headers: { origin: 'https://evil.test' } });
    expect(stream.headers).not.toHaveProperty('access-control-allow-origin');
    await stream.close();
  });
});
