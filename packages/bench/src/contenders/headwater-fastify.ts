/** Headwater on Fastify. */
import { createHub, ssePlugin } from '@headwater/fastify';
import fastify from 'fastify';
import type { Contender } from './contender.js';
import { ADDRESS } from './listen.js';

export async function start(): Promise<Contender> {
  const hub = createHub();
  const app = fastify();
  await app.register(ssePlugin, { hub });
  app.get('/', (_request, reply) => reply.sse.subscribe('news'));
  await app.listen(ADDRESS);
  const contender: Contender = {
    server: app.server,
    publish: (data) => hub.publish('news', { data }),
  };
  hub.observe({ flushed: ({ holdMs }) => contender.onHold?.(holdMs) });
  return contender;
}
