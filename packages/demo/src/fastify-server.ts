/** The Fastify server: the same stream, for a page that comes from the Express server. */
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { ssePlugin } from '@headwater/fastify';
import fastify from 'fastify';
import { follow } from './channels.js';
import { listen, urlOf } from './listen.js';
import type { RunningServer, ServerContext } from './server.js';

export async function startFastify(context: ServerContext, port: number): Promise<RunningServer> {
  const { hub, store, lines, requests, host, ports } = context;
  const app = fastify({
    forceCloseConnections: true,
    serverFactory: (handler) => createServer(lines.before(handler)),
  });
  app.addHook('onRequest', async (request, reply) => {
    requests?.record('fastify', request.raw, reply.raw);
    const { origin } = request.headers;
    reply.header('vary', 'origin');
    if (!isOurPage(origin, request.hostname, ports.express)) return;
    reply.header('access-control-allow-origin', origin);
    // To say where it was, the client needs a header that browsers ask about before they send it to another origin.
    reply.header('access-control-allow-headers', 'last-event-id');
  });
  await app.register(ssePlugin, { hub });
  app.get('/events', (_request, reply) => follow(reply.sse, store));
  app.options('/events', (_request, reply) => reply.code(204).send());
  app.get('/telemetry', (_request, reply) => reply.sse.subscribe('telemetry'));

  await listen('Fastify', { host, port, option: '--fastify-port' }, () => app.listen({ port, host }));
  ports.fastify = (app.server.address() as AddressInfo).port;
  return { url: urlOf(host, ports.fastify), close: () => app.close() };
}

/** No other page may read this machine's log: only the one that the Express server beside us served, under whatever name. */
function isOurPage(origin: string | undefined, hostname: string, port: number): boolean {
  if (origin === undefined || !URL.canParse(origin)) return false;
  const page = new URL(origin);
  return page.hostname === hostname && (page.port || '80') === String(port);
}
