/** Headwater on Express. */
import { createServer } from 'node:http';
import { createHub, sse } from '@headwater/express';
import express from 'express';
import type { Contender } from './contender.js';
import { listening } from './listen.js';

export async function start(): Promise<Contender> {
  const hub = createHub();
  const app = express();
  app.use(sse({ hub }));
  app.get('/', (_req, res) => {
    res.sse.subscribe('news');
  });
  const contender: Contender = {
    server: await listening(createServer(app)),
    publish: (data) => hub.publish('news', { data }),
  };
  hub.observe({ flushed: ({ holdMs }) => contender.onHold?.(holdMs) });
  return contender;
}
