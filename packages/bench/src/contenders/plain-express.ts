/** The baseline on Express: what Express itself costs shows beside `plain`. */
import { Buffer } from 'node:buffer';
import { createServer } from 'node:http';
import express, { type Response } from 'express';
import type { Contender } from './contender.js';
import { listening } from './listen.js';

export async function start(): Promise<Contender> {
  const clients = new Set<Response>();
  const app = express();
  app.get('/', (_req, res) => {
    res.set({
      'content-type': 'text/event-stream',
      'cache-control': 'no-cache, no-transform',
      'x-accel-buffering': 'no',
    });
    res.flushHeaders();
    clients.add(res);
    res.on('close', () => clients.delete(res));
  });
  return {
    server: await listening(createServer(app)),
    publish(data) {
      const frame = Buffer.from(`data: ${data}\n\n`);
      for (const res of clients) res.write(frame);
    },
  };
}
