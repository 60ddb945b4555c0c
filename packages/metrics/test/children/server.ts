/**
 * A server that is counted: one hub over the store that it is told of, its metrics, and what tests make it do. It prints its URL.
 * Streams at `/events`, messages at `/publish`, metrics at `/metrics`; `/hold` keeps whoever asks to be authorised waiting, until `/release`.
 */
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { createHub, memoryStore } from '@headwater/core';
import { accept, openStream } from '@headwater/core/node';
import { redisStore } from '@headwater/store-redis';
import { collectDefaultMetrics } from 'prom-client';
import { collectMetrics, metricsHandler } from '../../src/index.js';

const [redis, maxConnections] = process.argv.slice(2);
const hub = createHub({
  store: redis ? redisStore({ url: redis }) : memoryStore(),
  maxConnections: maxConnections ? Number(maxConnections) : false,
  origins: ['https://app.example'],
  // So short that history is read from the store.
  ringEvents: 10,
  headCheckMs: 200,
  // Who reads nothing stays until the test has seen it.
  stallMs: false,
  refusalRetrySeconds: [1, 1],
  snapshot: (channel) => (channel === 'state' ? { is: 'fine' } : undefined),
});
collectMetrics(hub);
collectDefaultMetrics();
const metrics = metricsHandler();

let held: Promise<void> | undefined;
let release = () => {};

async function publish(query: URLSearchParams): Promise<void> {
  const data = 'x'.repeat(Number(query.get('bytes') ?? 10));
  const key = query.get('key');
  for (let left = Number(query.get('count') ?? 1); left > 0; left--) {
    await hub.publish(query.get('channel') ?? 'news', data, key === null ? {} : { key });
  }
}

async function authorize(): Promise<boolean> {
  await held;
  return true;
}

async function handle(req: IncomingMessage, res: ServerResponse): Promise<unknown> {
  const { pathname, searchParams } = new URL(req.url ?? '/', 'http://here');
  switch (pathname) {
    case '/events':
      return openStream(accept(req, res, hub), req, req.url, { authorize });
    case '/metrics':
      return metrics(req, res);
    case '/publish':
      await publish(searchParams);
      break;
    case '/hold':
      held = new Promise((resolve) => {
        release = resolve;
      });
      break;
    case '/release':
      release();
      break;
    default:
      res.statusCode = 404;
  }
  return res.end(hub.health().head);
}

// What fails is answered, or counted: the process goes on.
const server = createServer((req, res) => {
  handle(req, res).catch((error: Error) => {
    if (res.headersSent) return;
    res.statusCode = (error as { statusCode?: number }).statusCode ?? 500;
    res.end(error.message);
  });
});
server.listen(0, '127.0.0.1', () => console.log(`http://127.0.0.1:${(server.address() as AddressInfo).port}`));
