/** express-sse on Express. It sends data as JSON. */
import { createServer } from 'node:http';
import { createRequire } from 'node:module';
import express, { type RequestHandler } from 'express';
import type { Contender } from './contender.js';
import { listening } from './listen.js';

/** The part that is used; the package's own types do not compile. */
interface Stream {
  readonly init: RequestHandler;
  send(data: string): void;
}

const SSE = createRequire(import.meta.url)('express-sse') as new () => Stream;

export async function start(): Promise<Contender> {
  const sse = new SSE();
  const app = express();
  app.get('/', sse.init);
  return {
    server: await listening(createServer(app)),
    publish: (data) => sse.send(data),
  };
}
