/** sse-channel on node:http. It encodes an event once. */
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { createRequire } from 'node:module';
import type { Contender } from './contender.js';
import { listening } from './listen.js';

/** The part that is used; the package has no types. */
interface SseChannel {
  addClient(req: IncomingMessage, res: ServerResponse): void;
  send(data: string): void;
}

const Channel = createRequire(import.meta.url)('sse-channel') as new () => SseChannel;

export async function start(): Promise<Contender> {
  const channel = new Channel();
  const server = createServer((req, res) => channel.addClient(req, res));
  return {
    server: await listening(server),
    publish: (data) => channel.send(data),
  };
}
