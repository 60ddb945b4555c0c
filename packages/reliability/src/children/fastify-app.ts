/** The server process's application, in Fastify. */
import type { Server } from 'node:http';
import type { Hub } from '@headwater/core';
import { ackHandler, healthHandler, ssePlugin, streamHandler } from '@headwater/fastify';
import fastify, { type FastifyRequest } from 'fastify';
import type { Controls } from './controls.js';
import { grantFor } from './rights.js';
import { STREAMS } from './routes.js';

const authorize = ({ headers }: FastifyRequest, channels: readonly string[]) => grantFor(headers, channels);

export async function fastifyServer(hub: Hub, controls: Controls): Promise<Server> {
  const app = fastify({ bodyLimit: 16 * 2 ** 20 });
  await app.register(ssePlugin, { hub });
  for (const [path, options] of Object.entries(STREAMS)) app.get(path, streamHandler({ authorize, ...options }));
  app.post('/ack', ackHandler({ authorize }));
  app.get('/live', healthHandler('live'));
  app.get('/ready', healthHandler('ready'));
  app.post<{ Params: { name: string } }>('/control/:name', async ({ params, body }, reply) => {
    const control = controls[params.name] as ((argument: unknown) => unknown) | undefined;
    if (!control) return reply.code(404).send('no such control');
    return reply.type('application/json').send(JSON.stringify((await control(body)) ?? null));
  });
  await app.ready();
  return app.server;
}
