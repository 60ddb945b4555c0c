/** better-sse on node:http, with its channel. It sends data as JSON and gives every event a random id. */
import { createServer } from 'node:http';
import { createChannel, createSession } from 'better-sse';
import type { Contender } from './contender.js';
import { listening } from './listen.js';

export async function start(): Promise<Contender> {
  const channel = createChannel();
  const server = createServer(async (req, res) => {
    channel.register(await createSession(req, res));
  });
  return {
    server: await listening(server),
    publish: (data) => channel.broadcast(data),
  };
}
