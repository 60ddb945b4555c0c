/** fastify-sse-v2, one `reply.sse()` per event. It has no channel, so the application keeps the replies. */
import { createRequire } from 'node:module';
import fastify, { type FastifyPluginAsync, type FastifyReply } from 'fastify';
import type { Contender } from './contender.js';
import { ADDRESS } from './listen.js';

/** The part that is used. The package's own types give `FastifyReply` an `sse` that those of @fastify/sse contradict. */
interface Streaming {
  sse(message: { data?: string; comment?: string }): void;
}

const { FastifySSEPlugin } = createRequire(import.meta.url)('fastify-sse-v2') as {
  FastifySSEPlugin: FastifyPluginAsync;
};

export async function start(): Promise<Contender> {
  const replies = new Set<Streaming>();
  const app = fastify();
  await app.register(FastifySSEPlugin);
  app.get('/', (request, reply: FastifyReply) => {
    const stream = reply as unknown as Streaming;
    // The first call opens the stream.
    stream.sse({ comment: 'open' });
    replies.add(stream);
    request.socket.on('close', () => replies.delete(stream));
  });
  await app.listen(ADDRESS);
  return {
    server: app.server,
    publish(data) {
      for (const reply of replies) reply.sse({ data });
    },
  };
}
