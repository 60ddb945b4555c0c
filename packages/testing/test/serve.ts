/** A real server for one test, closed when the test is done. */
import { once } from 'node:events';
import { createServer, type RequestListener, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { onTestFinished } from 'vitest';

export interface Served {
  readonly url: string;
  readonly server: Server;
  /** Resolves when each connection that was ever made is closed. */
  allGone(): Promise<number>;
}

export async function serve(listener: RequestListener, server: Server = createServer()): Promise<Served> {
  const sockets = new Set<Socket>();
  server.on('request', listener);
  server.on('connection', (socket) => sockets.add(socket));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => {
    server.close();
    for (const socket of sockets) socket.destroy();
  });
  const protocol = 'setSecureContext' in server ? 'https' : 'http';
  const allGone = async () => {
    const open = [...sockets].filter((socket) => !socket.closed);
    await Promise.all(open.map((socket) => new Promise((resolve) => socket.once('close', resolve))));
    return new Promise<number>((resolve) => server.getConnections((_error, count) => resolve(count)));
  };
  return { url: `${protocol}://127.0.0.1:${(server.address() as AddressInfo).port}`, server, allGone };
}

/** Starts an event stream on `response` and leaves it open. */
export function stream(response: ServerResponse, text = ''): ServerResponse {
  response.writeHead(200, { 'content-type': 'text/event-stream' });
  response.flushHeaders();
  if (text !== '') response.write(text);
  return response;
}
