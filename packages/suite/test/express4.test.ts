/** G8: Express 4 does not look at promises. Ours never become unhandled rejections; where nothing was sent they reach its error handler. */
import { createHub, sse } from '@headwater/express';
import { collect } from '@headwater/testing';
import type { ErrorRequestHandler } from 'express';
import express4 from 'express4';
import { expect, it, onTestFinished } from 'vitest';
import { listen } from './kit/listen.js';
import { Record } from './kit/record.js';
import { turns, until } from './kit/wait.js';

const start = async (handler: express4.RequestHandler) => {
  const unhandled: unknown[] = [];
  const listener = (reason: unknown) => void unhandled.push(reason);
  process.on('unhandledRejection', listener);
  onTestFinished(() => void process.off('unhandledRejection', listener));
  const hub = createHub();
  const record = new Record();
  hub.observe(record);
  const seen: unknown[] = [];
  const app = express4();
  app.use(sse({ hub }) as unknown as express4.RequestHandler);
  app.get('/', handler);
  app.use(((error, _req, res, next) => {
    seen.push(error);
    if (res.headersSent) return next(error);
    res.status(error.statusCode ?? 500).json({ code: error.code });
  }) as ErrorRequestHandler as unknown as express4.ErrorRequestHandler);
  return { origin: await listen(app), unhandled, record, seen, hub };
};

it('G8 a subscription that is rejected before the start is answered by the error handler, awaited or not', async () => {
  const { origin, unhandled, seen } = await start((_req, res) => void res.sse.subscribe('news', { onReset: 'reject' }));
  const answer = await collect(`${origin}/`, { lastEventId: 'nonsense' });
  await answer.closed;
  expect(answer).toMatchObject({ status: 400, text: '{"code":"ERR_SSE_RESET_REJECTED"}' });
  await turns();
  expect(seen).toMatchObject([{ code: 'ERR_SSE_RESET_REJECTED' }]);
  expect(unhandled).toEqual([]);
});

it('G8 an async handler that passes the same error on answers once', async () => {
  const { origin, unhandled, seen } = await start((_req, res, next) => {
    res.sse.subscribe('news', { onReset: 'reject' }).catch(next);
  });
  const answer = await collect(`${origin}/`, { lastEventId: 'nonsense' });
  await answer.closed;
  expect(answer.status).toBe(400);
  await turns();
  expect(seen).toHaveLength(1);
  expect(unhandled).toEqual([]);
});

it('G8 a source that fails after the start is reported to the observers, and is no unhandled rejection', async () => {
  const { origin, unhandled, record, seen } = await start((_req, res) => {
    void res.sse.send(
      (async function* () {
        yield 'one';
        throw new Error('source');
      })(),
    );
  });
  const stream = await collect(`${origin}/`);
  expect(await stream.closed).toEqual({ reason: 'end' });
  await until(() => record.errors.length === 1);
  await turns();
  expect(record.errors).toMatchObject([{ source: 'source', error: { message: 'source' } }]);
  expect(seen).toEqual([]);
  expect(unhandled).toEqual([]);
});
