/** The same server in both frameworks: a blank page at `/`, and one handler for everything else. */
import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import fastifyCors from '@fastify/cors';
import { type Connection, createHub, type Hub, sse } from '@headwater/express';
import { ssePlugin } from '@headwater/fastify';
import cors from 'cors';
import express from 'express';
import fastify from 'fastify';
import { onTestFinished } from 'vitest';

/** One request, as both frameworks tell it. */
interface Exchange {
  readonly stream: Connection;
  readonly request: IncomingMessage;
  /** Sets headers on the response, as middleware before the stream does. */
  head(headers: Readonly<Record<string, string>>): void;
  /** Answers without a stream. */
  answer(status: number, headers?: Readonly<Record<string, string>>): void;
}

export type Handler = (exchange: Exchange) => unknown;

export interface ServeOptions {
  readonly hub?: Hub;
  /** Default: any free one. */
  readonly port?: number;
  /** Other origins whose pages may read, with credentials. */
  readonly origins?: readonly string[];
  /** Takes what is to be done when the test is. Default: Vitest's own, which concurrent tests have in their context. */
  readonly whenDone?: (cleanUp: () => Promise<void>) => void;
  /** Is told every request before it is handled, preflights and pages included. */
  readonly onRequest?: (request: IncomingMessage) => void;
}

interface Served {
  readonly url: string;
  readonly port: number;
  /** The open connections. */
  readonly sockets: ReadonlySet<Socket>;
  /** Ends the server and resets its connections, as a process that dies does. */
  kill(): Promise<void>;
}

export interface Framework {
  serve(handler: Handler, options?: ServeOptions): Promise<Served>;
}

const BLANK = '<!doctype html><link rel="icon" href="data:,">';

const expressServer: Framework = {
  async serve(handler, options = {}) {
    const { hub = createHub(), origins, port = 0, onRequest = () => {} } = options;
    const app = express();
    if (origins) app.use(cors({ origin: [...origins], credentials: true }));
    app.use(sse({ hub }));
    app.get('/', (_req, res) => void res.send(BLANK));
    app.use((req, res, next) => {
      const exchange: Exchange = {
        // Not touched before it is used: that is when it is made.
        get stream() {
          return res.sse;
        },
        request: req,
        head: (headers) => void res.set(headers),
        answer: (status, headers = {}) => void res.set(headers).status(status).end(),
      };
      Promise.resolve(handler(exchange)).catch(next);
    });
    const server = createServer(app).prependListener('request', onRequest);
    await once(server.listen(port, '127.0.0.1'), 'listening');
    return served(server, options);
  },
};

const fastifyServer: Framework = {
  async serve(handler, options = {}) {
    const { hub = createHub(), origins, port = 0, onRequest = () => {} } = options;
    const app = fastify();
    if (origins) await app.register(fastifyCors, { origin: [...origins], credentials: true });
    await app.register(ssePlugin, { hub });
    app.get('/', (_request, reply) => reply.type('text/html').send(BLANK));
    app.get('/*', async (request, reply) => {
      await handler({
        get stream() {
          return reply.sse;
        },
        request: request.raw,
        head: (headers) => void reply.headers(headers),
        answer: (status, headers = {}) => void reply.code(status).headers(headers).send(),
      });
      return reply;
    });
    app.server.prependListener('request', onRequest);
    await app.listen({ port, host: '127.0.0.1' });
    return served(app.server as Server, options);
  },
};

/** For `describe.each`. */
export const FRAMEWORKS: readonly (readonly [name: string, Framework])[] = [
  ['Express', expressServer],
  ['Fastify', fastifyServer],
];

function served(server: Server, { whenDone = onTestFinished }: ServeOptions): Served {
  const sockets = new Set<Socket>();
  server.on('connection', (socket: Socket) => {
    sockets.add(socket);
    socket.on('close', () => sockets.delete(socket));
  });
  const kill = async () => {
    if (!server.listening) return;
    const closed = once(server, 'close');
    server.close();
    for (const socket of sockets) socket.resetAndDestroy();
    await closed;
  };
  whenDone(kill);
  const { port } = server.address() as AddressInfo;
  return { url: `http://127.0.0.1:${port}`, port, sockets, kill };
}
