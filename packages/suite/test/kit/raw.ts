/** A client that sends exactly these bytes and keeps everything that comes back, as it was on the wire. Not for HTTP/2. */

import * as net from 'node:net';
import * as tls from 'node:tls';
import { type Collector, collect } from '@headwater/testing';
import { onTestFinished } from 'vitest';
import { pem } from './certificate.js';
import { isTls } from './legs.js';
import type { Served } from './served.js';
import { DEADLINE_MS } from './wait.js';

export interface RawClient {
  readonly socket: net.Socket;
  /** Everything that came: heads, bodies, chunk sizes. */
  readonly received: Collector;
}

export async function raw(served: Served, lines: readonly string[]): Promise<RawClient> {
  const at = { port: served.port, host: '127.0.0.1' };
  const socket = isTls(served.leg) ? tls.connect({ ...at, ca: pem }) : net.connect(at);
  onTestFinished(() => void socket.destroy());
  const received = await collect(socket, { timeoutMs: DEADLINE_MS });
  socket.write(`${lines.join('\r\n')}\r\n\r\n`);
  return { socket, received };
}
