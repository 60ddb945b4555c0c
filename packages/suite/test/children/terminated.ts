/** An application as its users write it, that leaves the signals to `shutdownOnSignals`. Says its origin, and runs until it is told to end. */
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { createHub, healthHandler as expressHealth, shutdownOnSignals, sse } from '@headwater/express';
import { healthHandler as fastifyHealth, ssePlugin } from '@headwater/fastify';
import express from 'express';
import fastify from 'fastify';

const [, , framework] = process.argv;
const hub = createHub();
const windows = { delayMs: 400, windowMs: 600 };

async function startExpress(): Promise<number> {
  const app = express().use(sse({ hub }));
  app.get('/news', (_req, res) => void res.sse.subscribe('news'));
  app.get('/ready', expressHealth('ready'));
  const server = app.listen(0, '127.0.0.1');
  await once(server, 'listening');
  shutdownOnSignals({ hub, server, ...windows });
  return (server.address() as AddressInfo).port;
}

async function startFastify(): Promise<number> {
  // By default Fastify waits for connections on which no request ever came.
  const app = fastify({ forceCloseConnections: true });
  await app.register(ssePlugin, { hub });
  app.get('/news', (_request, reply) => reply.sse.subscribe('news'));
  app.get('/ready', fastifyHealth('ready'));
  await app.listen({ port: 0, host: '127.0.0.1' });
  shutdownOnSignals({ hub, server: () => app.close(), ...windows });
  return (app.server.address() as AddressInfo).port;
}

const port = await (framework === 'express' ? startExpress : startFastify)();
await hub.publish('news', 'one');
console.log(`http://127.0.0.1:${port}`);
