/** The Express server: the page, what it needs to know, and the stream. */
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { fileURLToPath } from 'node:url';
import { sse } from '@headwater/express';
import express from 'express';
import { follow } from './channels.js';
import { listen, urlOf } from './listen.js';
import type { RunningServer, ServerContext } from './server.js';

const PUBLIC = fileURLToPath(new URL('../public', import.meta.url));

export async function startExpress(context: ServerContext, port: number): Promise<RunningServer> {
  const { hub, requests, host, log, ports } = context;
  const app = express();
  app.disable('x-powered-by');
  app.use((req, res, next) => {
    requests?.record('express', req, res);
    next();
  });
  app.use(sse({ hub }));
  app.get('/events', (_req, res) => void follow(res.sse));
  app.get('/demo.json', (_req, res) => void res.json({ log, ports }));
  app.use(express.static(PUBLIC));

  const server = createServer(app);
  await listen('Express', { host, port, option: '--port' }, () => once(server.listen(port, host), 'listening'));
  ports.express = (server.address() as AddressInfo).port;
  return {
    url: urlOf(host, ports.express),
    close: async () => {
      server.close();
      // Browsers open connections for later, which are not idle to Node: without this they would hold us for seconds.
      server.closeAllConnections();
      await once(server, 'close');
    },
  };
}
