/** Real servers for the client: a hub behind Express or Fastify, and one of node:http that does as it likes. */
import { once } from 'node:events';
import { createServer, type RequestListener, type Server } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { type Connection, type Hub, sse } from '@headwater/express';
import { ssePlugin } from '@headwater/fastify';
import express from 'express';
import fastify from 'fastify';
import { onTestFinished } from 'vitest';

export interface Served {
  readonly url: string;
  readonly port: number;
  readonly sockets: ReadonlySet<Socket>;
  /** Breaks every connection. */
  cut(): void;
  /** Stops listening and breaks every connection. */
  stop(): Promise<void>;
}

type Handler = (stream: Connection, url: string) => unknown;

export interface Framework {
  serve(hub: Hub, handler: Handler): Promise<Served>;
}

export const FRAMEWORKS: readonly (readonly [name: string, framework: Framework])[] = [
  [
    'Express',
    {
      serve(hub, handler) {
        const app = express();
        app.use(sse({ hub }));
        app.use((req, res, next) => {
          Promise.resolve(handler(res.sse, req.url)).catch(next);
        });
        return listen(app);
      },
    },
  ],
  [
    'Fastify',
    {
      async serve(hub, handler) {
        const app = fastify();
        await app.register(ssePlugin, { hub });
        app.get('/*', async (request, reply) => {
          await handler(reply.sse, request.url);
          return reply;
        });
        await app.listen({ port: 0, host: '127.0.0.1' });
        onTestFinished(() => app.close());
        return served(app.server);
      },
    },
  ],
];

/** A server of node:http on a free port, or on `port`; stopped when the test is done. */
export async function listen(listener: RequestListener, port = 0): Promise<Served> {
  const server = createServer(listener);
  await once(server.listen(port, '127.0.0.1'), 'listening');
  return served(server);
}

function served(server: Server): Served {
  const sockets = new Set<Socket>();
  server.on('connection', (socket: Socket) => {
    sockets.add(socket);
    socket.once('close', () => sockets.delete(socket));
  });
  const cut = () => {
    for (const socket of sockets) socket.resetAndDestroy();
  };
  const stop = async () => {
    if (!server.listening) return;
    const closed = once(server, 'close');
    server.close();
    cut();
    await closed;
  };
  onTestFinished(stop);
  const { port } = server.address() as AddressInfo;
  return { url: `http://127.0.0.1:${port}`, port, sockets, cut, stop };
}
