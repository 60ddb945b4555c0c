// Type-checked against the packed packages, in a folder outside the repository, as an application's source would be.

import { createServer } from 'node:http';
import { connect as follow } from '@headwater/client';
import { storeSuite } from '@headwater/conformance';
import { type Connection, createHub, logConnections, type Observer, type Published, SseError } from '@headwater/core';
import { accept } from '@headwater/core/node';
import { streamHandler as expressStream, sse, syncHandler } from '@headwater/express';
import ssePlugin, { streamHandler as fastifyStream, memoryStore, ssePlugin as named } from '@headwater/fastify';
import { inspectorHandler } from '@headwater/inspector';
import { inspectorPlugin } from '@headwater/inspector/fastify';
import { collectMetrics, metricsHandler } from '@headwater/metrics';
import { lmdbStore } from '@headwater/store-lmdb';
import { postgresStore } from '@headwater/store-postgres';
import { redisStore } from '@headwater/store-redis';
import { collect, fakeClock } from '@headwater/testing';
import { activeTraceContext, traceHub } from '@headwater/tracing';
import express from 'express';
import Fastify from 'fastify';
import { Redis } from 'ioredis';
import { Pool } from 'pg';
import { createClient } from 'redis';

interface Events {
  news: { story: { title: string }; message: string };
  [user: `user:${string}`]: { mail: { from: string } };
}

const observer: Observer = { closed: (connection, { reason }) => console.log(connection.id, reason) };
export const hub = createHub<Events>({ store: memoryStore({ retention: { count: 100 } }), observers: [observer] });
export const published: Promise<Published> = hub.publish('news', { event: 'story', data: { title: 'x' } });
// @ts-expect-error data of another shape
export const refused = () => hub.publish('news', { event: 'story', data: { titel: 'x' } });

export const app = express();
app.use(sse({ hub, clientKey: (req) => req.ip }));
app.get('/hello', (_req, res) => {
  const connection: Connection = res.sse;
  void connection.send({ event: 'hi', data: { n: 1 } });
  connection.close({ retryMs: 1_000 });
});
app.get('/news', (_req, res) => void res.sse.subscribe([hub.channel('news'), 'user:1'], { onReset: 'earliest' }));
app.get('/events', expressStream({ authorize: (req, channels) => req.query.token === 'x' && channels.length > 0 }));
app.get('/sync', syncHandler({ authorize: async () => ({ principal: 'ann', expiresAt: Date.now() + 60_000 }) }));
app.get('/tokens', async (_req, res) => {
  await res.sse.send(
    (async function* () {
      yield { event: 'token', data: 'a' };
    })(),
    { end: 'keep', onError: () => ({ event: 'failed', data: '' }) },
  );
});

export const fastify = Fastify();
export const plugins: unknown[] = [ssePlugin === named];
await fastify.register(ssePlugin, { hub });
fastify.get('/news', (_request, reply) => reply.sse.subscribe('news'));
fastify.get('/events', fastifyStream({ authorize: (request, channels) => request.ip !== '' && channels.length > 0 }));
fastify.get('/head', () => fastify.sse.health());

export const server = createServer((req, res) => void accept(req, res, hub).subscribe('news'));
export const clock = fakeClock();
export const title: Promise<string> = collect('http://127.0.0.1:1/news').then(
  async (events) => (await events.next()).json<{ title: string }>().title,
);
export const isOurs = (error: unknown): boolean => error instanceof SseError && error.code === 'ERR_SSE_CLOSED';
export { storeSuite };

export const stores = [
  () => lmdbStore({ path: './events', retention: { count: 1_000 } }),
  () => redisStore({ url: 'redis://localhost:6379', name: 'news' }),
  () => redisStore({ client: createClient() }),
  () => redisStore({ client: new Redis() }),
  () => postgresStore({ pool: new Pool() }),
];
export const followed = (): (() => void) => traceHub(hub, { trust: false, maxLinks: 8 });
export const traceparent: string | undefined = activeTraceContext()?.traceparent;
export const measure = () => collectMetrics(hub, { prefix: 'news_sse_' });
app.get('/metrics', metricsHandler());
export const stopLogs = logConnections(hub, { logger: fastify.log });
app.use('/sse-inspector', inspectorHandler(hub, { events: false }));
await fastify.register(inspectorPlugin, { hub, prefix: '/sse-inspector' });
export const stream = follow<Events>('https://app.example/news');
stream.on('story', ({ data }) => console.log(data.title));
