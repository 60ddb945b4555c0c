/** @fastify/sse. It has no channel, so the application keeps the replies. */
import { createRequire } from 'node:module';
import fastify, { type FastifyPluginCallback, type FastifyReply } from 'fastify';
import type { Contender } from './contender.js';
import { ADDRESS } from './listen.js';

/** The part that is used. The package's own types give `FastifyReply` an `sse` that those of fastify-sse-v2 contradict. */
interface Stream {
  readonly isConnected: boolean;
  keepAlive(): void;
  send(data: string): Promise<void>;
  onClose(callback: () => void): void;
}

const plugin = createRequire(import.meta.url)('@fastify/sse') as FastifyPluginCallback;

export async function start(): Promise<Contender> {
  const streams = new Set<Stream>();
  const app = fastify();
  await app.register(plugin);
  app.get('/', { sse: 'only' } as object, async (_request, reply: FastifyReply) => {
    const { sse } = reply as unknown as { sse: Stream };
    sse.keepAlive();
    // The headers leave with the first message.
    await sse.send('Connected');
    streams.add(sse);
    sse.onClose(() => streams.delete(sse));
  });
  await app.listen(ADDRESS);
  return {
    server: app.server,
    publish: (data) => Promise.all(Array.from(streams, (stream) => stream.send(data))),
  };
}
