/** The hub's own list of origins, beside `cors` and `@fastify/cors`: those decide what a page may read, this one what it may open. */
import fastifyCors from '@fastify/cors';
import { createHub, type Denial, type Hub } from '@headwater/core';
import { streamHandler as expressStream, syncHandler as expressSync, sse } from '@headwater/express';
import { streamHandler as fastifyStream, syncHandler as fastifySync, ssePlugin } from '@headwater/fastify';
import { collect } from '@headwater/testing';
import cors from 'cors';
import express, { type ErrorRequestHandler } from 'express';
import express4 from 'express4';
import fastify from 'fastify';
import { describe, expect, it, onTestFinished } from 'vitest';
import { listen } from './kit/listen.js';

const ORIGIN = 'https://app.test';
const EVIL = 'https://evil.test';
/** The usual mistake: whoever asks is let in, with cookies. */
const ANYBODY = { origin: true, credentials: true };
const RIGHTS = { authorize: () => true };

const withExpress = async (framework: typeof express, hub: Hub): Promise<string> => {
  const app = framework().use(cors(ANYBODY), sse({ hub }));
  app.get('/events', expressStream(RIGHTS));
  app.get('/sync', expressSync(RIGHTS));
  const errors: ErrorRequestHandler = (error, _req, res, _next) =>
    void res.status(error.statusCode ?? 500).json({ code: error.code });
  return listen(app.use(errors));
};

const withFastify = async (hub: Hub): Promise<string> => {
  const app = fastify();
  onTestFinished(() => app.close());
  await app.register(fastifyCors, ANYBODY);
  await app.register(ssePlugin, { hub });
  app.get('/events', fastifyStream(RIGHTS));
  app.get('/sync', fastifySync(RIGHTS));
  return app.listen({ port: 0, host: '127.0.0.1' });
};

describe.each([
  ['Express 5', (hub: Hub) => withExpress(express, hub)],
  ['Express 4', (hub: Hub) => withExpress(express4 as unknown as typeof express, hub)],
  ['Fastify', withFastify],
])('%s', (_name, start) => {
  const setUp = async () => {
    const denials: Denial[] = [];
    const hub = createHub({ origins: [ORIGIN], observers: [{ denied: (denial) => void denials.push(denial) }] });
    onTestFinished(() => hub.close());
    await hub.publish('news', 'secret');
    const origin = await start(hub);
    const ask = (path: string, headers: Record<string, string>) =>
      collect(`${origin}${path}?channels=news&after=x.1`, { headers, lastEventId: 'x.1' });
    return { ask, hub, denials };
  };

  it.each(['/events', '/sync'])(
    'an origin that is not on the list gets nothing of %s, and the denial is told',
    async (path) => {
      const { ask, hub, denials } = await setUp();
      for (const origin of [EVIL, 'null', `${ORIGIN}.evil.test`, `${ORIGIN}:8443`, 'http://app.test']) {
        const refused = await ask(path, { origin });
        await refused.closed;
        expect([origin, refused.status, JSON.parse(refused.text).code]).toEqual([origin, 403, 'ERR_SSE_ORIGIN']);
        expect(refused.text).not.toContain('secret');
        // The page may read that it was refused: CORS headers are not ours to take away.
        expect(refused.headers['access-control-allow-origin']).toBe(origin);
      }
      expect(denials.map(({ why }) => why)).toEqual(Array(5).fill('origin'));
      expect(denials[0]?.detail).toContain(EVIL);
      expect(hub.connections.size).toBe(0);
    },
  );

  it('an origin on the list gets its stream and its answer, and so does who sends none', async () => {
    const { ask } = await setUp();
    for (const headers of [{ origin: ORIGIN }, {}] as Record<string, string>[]) {
      const stream = await ask('/events', headers);
      expect(await stream.until(({ data }) => data === 'secret')).toMatchObject({ event: 'message' });
      await stream.close();
      const answer = await ask('/sync', headers);
      await answer.closed;
      expect([answer.status, answer.text.includes('secret')]).toEqual([200, true]);
    }
  });
});
