/** The same application in both frameworks: streams at `/users/:id/news`, and the inspector behind a token. */
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { createHub, type Hub, sse } from '@headwater/express';
import { ssePlugin } from '@headwater/fastify';
import { type Collector, collect } from '@headwater/testing';
import express from 'express';
import fastify from 'fastify';
import { onTestFinished } from 'vitest';
import { inspectorPlugin } from '../src/fastify/index.js';
import { inspectorHandler } from '../src/index.js';

export interface Site {
  readonly hub: Hub;
  readonly url: string;
  /** Where the page is. */
  readonly page: string;
  close(): Promise<unknown>;
}

interface SiteOptions {
  readonly hub?: Hub;
  /** What the cookie `token` must be. Default: nobody is asked. */
  readonly token?: string;
  readonly events?: boolean;
}

type Serve = (options?: SiteOptions) => Promise<Site>;

const isAdmin = (cookie: string | undefined, token: string | undefined) =>
  token === undefined || cookie === `token=${token}`;

export const expressSite: Serve = async ({ hub = createHub(), token, events } = {}) => {
  const app = express();
  const inspector = inspectorHandler(hub, { events });
  // As an application's CORS may: its own answers are for other sites, the inspector's are not.
  app.use((_req, res, next) => {
    res.set('access-control-allow-origin', '*');
    next();
  });
  app.use(sse({ hub }));
  app.get('/users/:id/news', (req, res) => {
    res.sse.principal = `user-${req.params.id}`;
    void res.sse.subscribe(['news', `user:${req.params.id}`]);
  });
  app.use(
    '/sse-inspector',
    (req, res, next) => void (isAdmin(req.headers.cookie, token) ? next() : res.status(401).end()),
    inspector,
  );
  const server = createServer(app);
  await once(server.listen(0, '127.0.0.1'), 'listening');
  const close = async () => {
    await inspector.close();
    await hub.close();
    server.closeAllConnections();
    if (server.listening) await once(server.close(), 'close');
  };
  onTestFinished(close);
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return { hub, url, page: `${url}/sse-inspector/`, close };
};

export const fastifySite: Serve = async ({ hub = createHub(), token, events } = {}) => {
  const app = fastify({ forceCloseConnections: true });
  app.addHook('onRequest', async (_request, reply) => void reply.header('access-control-allow-origin', '*'));
  await app.register(ssePlugin, { hub });
  app.get<{ Params: { id: string } }>('/users/:id/news', (request, reply) => {
    reply.sse.principal = `user-${request.params.id}`;
    return reply.sse.subscribe(['news', `user:${request.params.id}`]);
  });
  await app.register(async (admin) => {
    admin.addHook('onRequest', async (request, reply) => {
      if (!isAdmin(request.headers.cookie, token)) await reply.code(401).send();
    });
    await admin.register(inspectorPlugin, { hub, events, prefix: '/sse-inspector' });
  });
  const url = await app.listen({ port: 0, host: '127.0.0.1' });
  const close = async () => {
    await app.close();
    await hub.close();
  };
  onTestFinished(close);
  return { hub, url, page: `${url}/sse-inspector/`, close };
};

/** For `describe.each`. */
export const SITES: readonly (readonly [string, Serve])[] = [
  ['Express', expressSite],
  ['Fastify', fastifySite],
];

/** A client of the site's own streams. */
export async function follow({ url }: Site, user: number, lastEventId?: string): Promise<Collector> {
  const stream = await collect(`${url}/users/${user}/news`, lastEventId === undefined ? {} : { lastEventId });
  onTestFinished(() => stream.close());
  await stream.until('sse.open');
  return stream;
}
