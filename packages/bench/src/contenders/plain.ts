/** The baseline: no library, one frame encoded once, one `res.write` for each client. It has no ids, no history and no backpressure. */
import { Buffer } from 'node:buffer';
import { createServer, type ServerResponse } from 'node:http';
import type { Contender } from './contender.js';
import { listening } from './listen.js';

export async function start(): Promise<Contender> {
  const clients = new Set<ServerResponse>();
  const server = createServer((_req, res) => {
    // The same headers as Headwater's.
    res.writeHead(200, {
      'content-type': 'text/event-stream',
      'cache-control': 'no-cache, no-transform',
      'x-accel-buffering': 'no',
    });
    res.flushHeaders();
    clients.add(res);
    res.on('close', () => clients.delete(res));
  });
  return {
    server: await listening(server),
    publish(data) {
      const frame = Buffer.from(`data: ${data}\n\n`);
      for (const res of clients) res.write(frame);
    },
  };
}
