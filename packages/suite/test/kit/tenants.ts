/** Two tenants, a region and the public, behind the ready-made handlers of both frameworks: what requests must not mix up. */
import { once } from 'node:events';
import { createServer, type IncomingHttpHeaders, type Server } from 'node:http';
import { createHub, type Hub } from '@headwater/core';
import type { Grant } from '@headwater/core/node';
import * as forExpress from '@headwater/express';
import * as forFastify from '@headwater/fastify';
import express, { type ErrorRequestHandler, type Request } from 'express';
import fastify, { type FastifyRequest } from 'fastify';

export const FRAMEWORKS = ['express', 'fastify'] as const;

/** A tenant's channel is `<name>.inbox`, what it holds begins with `secret-of-<name>`. */
export const OWNERS = ['ann', 'bob', 'eu'] as const;

const ORIGIN = 'https://app.example';

export interface Tenants {
  readonly hub: Hub;
  readonly server: Server;
  readonly port: number;
  /** What an application would write into its log: denials and errors, as they came. */
  readonly logged: readonly string[];
  /** Says something in every channel. Resolves to the ids. */
  publish(): Promise<string[]>;
}

/** Whoever says so is ann or bob, and belongs to Europe: an application would look it up. */
function rights(
  { 'x-user': user, 'x-region': region }: IncomingHttpHeaders,
  channels: readonly string[],
): Grant | false {
  const isAllowed = channels.every((name) => {
    const owner = name.replace(/\.inbox$/, '');
    return owner === name || owner === 'eu' || owner === user;
  });
  return isAllowed && { principal: user?.toString(), ...(region === 'eu' ? { region } : {}) };
}

export async function startTenants(framework: (typeof FRAMEWORKS)[number]): Promise<Tenants> {
  const logged: string[] = [];
  const hub = createHub({
    origins: [ORIGIN],
    maxChannels: 10,
    regionOf: (channel) => (channel.startsWith('eu.') ? 'eu' : undefined),
    observers: [
      {
        denied: ({ detail }) => void logged.push(detail),
        refused: (_connection, why) => void logged.push(why),
        error: (error) => void logged.push((error as Error).message),
      },
    ],
  });
  const server = await (framework === 'express' ? withExpress(hub, logged) : withFastify(hub, logged));
  await once(server.listen(0, '127.0.0.1'), 'listening');
  const { port } = server.address() as { port: number };
  let n = 0;
  const publish = async () => {
    n++;
    const said = OWNERS.map((owner) => hub.publish(`${owner}.inbox`, `secret-of-${owner} ${n}`));
    return (await Promise.all([...said, hub.publish('public', `news ${n}`)])).map(({ id }) => id);
  };
  return { hub, server, port, logged, publish };
}

async function withExpress(hub: Hub, logged: string[]): Promise<Server> {
  const app = express().use(forExpress.sse({ hub }), express.json());
  const authorize = ({ headers }: Request, channels: readonly string[]) => rights(headers, channels);
  app.all('/events', forExpress.streamHandler({ authorize, onReset: 'earliest' }));
  app.all('/sync', forExpress.syncHandler({ authorize }));
  app.all('/ack', forExpress.ackHandler({ authorize }));
  const answer: ErrorRequestHandler = (error, _req, res, _next) => {
    // What the frameworks themselves say of a request is theirs to escape.
    if (String(error.code).startsWith('ERR_SSE_')) logged.push(error.message);
    res.status(error.statusCode ?? error.status ?? 500).json({ code: error.code });
  };
  app.use(answer);
  return createServer(app);
}

async function withFastify(hub: Hub, logged: string[]): Promise<Server> {
  const app = fastify();
  app.setErrorHandler((error: { message: string; statusCode?: number; code?: string }, _request, reply) => {
    if (error.code?.startsWith('ERR_SSE_')) logged.push(error.message);
    return reply.code(error.statusCode ?? 500).send({ code: error.code });
  });
  await app.register(forFastify.ssePlugin, { hub });
  const authorize = ({ headers }: FastifyRequest, channels: readonly string[]) => rights(headers, channels);
  app.all('/events', forFastify.streamHandler({ authorize, onReset: 'earliest' }));
  app.all('/sync', forFastify.syncHandler({ authorize }));
  app.all('/ack', forFastify.ackHandler({ authorize }));
  await app.ready();
  return app.server;
}
