/** Site: an application around a hub, in whatever process: a stream, its JSON, acks, a probe, and what sheds a share of its streams. */
import { once } from 'node:events';
import { createServer, type IncomingHttpHeaders, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Hub } from '@headwater/core';
import type { Grant } from '@headwater/core/node';
import * as forExpress from '@headwater/express';
import * as forFastify from '@headwater/fastify';
import express, { type ErrorRequestHandler, type Request } from 'express';
import fastify, { type FastifyRequest } from 'fastify';
import type { Framework } from '../harness/server.js';

/** Who may follow what, and for how long. Asked with the request's headers, whatever the framework. */
export type Rights = (headers: IncomingHttpHeaders, channels: readonly string[]) => Grant | boolean;

export interface SiteOptions {
  readonly framework: Framework;
  readonly hub: Hub;
  /** Default: everybody may follow everything. */
  readonly rights?: Rights;
  /** Default: a free one. */
  readonly port?: number;
  /** Default: 127.0.0.1. */
  readonly host?: string;
}

export interface Site {
  readonly server: Server;
  readonly port: number;
  readonly origin: string;
  stream(channels: readonly string[]): string;
  /** Ends the application; its hub goes on. */
  close(): Promise<void>;
}

/** Many clients come at once: those that wait to be accepted must not be refused by the system. */
const BACKLOG = 8_192;

export async function startSite(options: SiteOptions): Promise<Site> {
  const { framework, port = 0, host = '127.0.0.1' } = options;
  const { server, close } = await (framework === 'express' ? inExpress : inFastify)(options);
  await once(server.listen(port, host, BACKLOG), 'listening');
  const own = (server.address() as AddressInfo).port;
  const origin = `http://${host}:${own}`;
  const stream = (channels: readonly string[]) => `${origin}/events?channels=${channels.join(',')}`;
  return { server, port: own, origin, stream, close };
}

interface Made {
  readonly server: Server;
  close(): Promise<void>;
}

const everybody: Rights = () => true;

/** Express itself would print each of them. */
const quietly: ErrorRequestHandler = (error, _req, res, _next) =>
  void res.status(error.statusCode ?? error.status ?? 500).json({ code: error.code });

async function inExpress({ hub, rights = everybody }: SiteOptions): Promise<Made> {
  const app = express().use(forExpress.sse({ hub }));
  const authorize = ({ headers }: Request, channels: readonly string[]) => rights(headers, channels);
  app.get('/events', forExpress.streamHandler({ authorize }));
  app.get('/sync', forExpress.syncHandler({ authorize }));
  app.post('/ack', forExpress.ackHandler({ authorize }));
  app.get('/ready', forExpress.healthHandler('ready'));
  app.post('/shed', async ({ query }, res) => {
    res.json(await hub.shed({ share: Number(query.share), windowMs: Number(query.windowMs) }));
  });
  app.use(quietly);
  const server = createServer(app);
  const close = () =>
    new Promise<void>((closed) => {
      server.close(() => closed());
      server.closeAllConnections();
    });
  return { server, close };
}

async function inFastify({ hub, rights = everybody }: SiteOptions): Promise<Made> {
  const app = fastify({ forceCloseConnections: true });
  await app.register(forFastify.ssePlugin, { hub });
  const authorize = ({ headers }: FastifyRequest, channels: readonly string[]) => rights(headers, channels);
  app.get('/events', forFastify.streamHandler({ authorize }));
  app.get('/sync', forFastify.syncHandler({ authorize }));
  app.post('/ack', forFastify.ackHandler({ authorize }));
  app.get('/ready', forFastify.healthHandler('ready'));
  app.post<{ Querystring: { share: string; windowMs: string } }>('/shed', async ({ query }) =>
    hub.shed({ share: Number(query.share), windowMs: Number(query.windowMs) }),
  );
  await app.ready();
  return { server: app.server, close: () => app.close() };
}
