/**
 * A port of this machine that nobody listens on at the moment, and that a restarted server gets again. It is taken from below the
 * range that the system gives to outgoing connections: a client that knocks at a closed port of that range can be given the very
 * port as its own, and then talks to itself.
 */
import { once } from 'node:events';
import { createServer } from 'node:net';

const FIRST = 15_000;
const LAST = 32_000;

export async function freePort(): Promise<number> {
  for (;;) {
    const port = FIRST + Math.floor(Math.random() * (LAST - FIRST));
    if (await isFree(port)) return port;
  }
}

async function isFree(port: number): Promise<boolean> {
  const server = createServer();
  try {
    server.listen(port, '127.0.0.1');
    await once(server, 'listening');
    return true;
  } catch {
    return false;
  } finally {
    server.close();
  }
}
