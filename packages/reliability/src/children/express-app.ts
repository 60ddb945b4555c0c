/** The server process's application, in Express. */
import { createServer, type Server } from 'node:http';
import type { Hub } from '@headwater/core';
import { ackHandler, healthHandler, sse, streamHandler } from '@headwater/express';
import express, { type Request } from 'express';
import type { Controls } from './controls.js';
import { grantFor } from './rights.js';
import { STREAMS } from './routes.js';

const authorize = ({ headers }: Request, channels: readonly string[]) => grantFor(headers, channels);

export async function expressServer(hub: Hub, controls: Controls): Promise<Server> {
  const app = express();
  app.use(sse({ hub }));
  for (const [path, options] of Object.entries(STREAMS)) app.get(path, streamHandler({ authorize, ...options }));
  app.post('/ack', ackHandler({ authorize }));
  app.get('/live', healthHandler('live'));
  app.get('/ready', healthHandler('ready'));
  app.post('/control/:name', express.json({ limit: '16mb', strict: false }), async (req, res) => {
    const control = controls[req.params.name as string] as ((argument: unknown) => unknown) | undefined;
    if (!control) return void res.status(404).json('no such control');
    res.json((await control(req.body)) ?? null);
  });
  return createServer(app);
}
