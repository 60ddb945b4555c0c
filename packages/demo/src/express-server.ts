/** The Express server: the page, its switches, and the stream. */
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { sse } from '@headwater/express';
import { metricsHandler } from '@headwater/metrics';
import express from 'express';
import { assets } from './assets.js';
import { follow } from './channels.js';
import { controls, isThisMachine } from './controls.js';
import { listen, urlOf } from './listen.js';
import type { RunningServer, ServerContext } from './server.js';

export async function startExpress(context: ServerContext, port: number): Promise<RunningServer> {
  const { hub, store, lines, keeper, requests, metrics, host, log, ports } = context;
  const app = express();
  app.disable('x-powered-by');
  app.use((req, res, next) => {
    // The page and Prometheus ask all the time: that would be all there is to read.
    if (!['/demo/status.json', '/metrics'].includes(req.path)) requests?.record('express', req, res);
    next();
  });
  app.use(sse({ hub }));
  app.get('/events', (_req, res) => follow(res.sse, store));
  app.get('/telemetry', (_req, res) => void res.sse.subscribe('telemetry'));
  app.get('/demo.json', (req, res) => {
    const canBreak = isThisMachine(req);
    res.json({ log, ports, time: Date.now(), switches: { line: canBreak, process: canBreak && keeper !== undefined } });
  });
  app.get('/metrics', metricsHandler(metrics));
  app.use('/demo', controls(context));
  app.use(assets());

  const server = createServer(lines.before(app));
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
