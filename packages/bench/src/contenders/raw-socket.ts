/** The floor for JavaScript: bytes framed as a chunk once and written to each bare socket. Not a server that anyone should run. */
import { Buffer } from 'node:buffer';
import { createServer, type Socket } from 'node:net';
import type { Contender } from './contender.js';
import { listening } from './listen.js';

const HEAD = 'HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked\r\n\r\n';

export async function start(): Promise<Contender> {
  const clients = new Set<Socket>();
  const server = createServer({ noDelay: true }, (socket) => {
    socket.once('data', () => {
      socket.write(HEAD);
      clients.add(socket);
    });
    socket.on('error', () => {});
    socket.on('close', () => clients.delete(socket));
  });
  return {
    server: await listening(server),
    /** The promise resolves once the system has taken the bytes for every client. */
    publish(data) {
      const frame = `data: ${data}\n\n`;
      const chunk = Buffer.from(`${frame.length.toString(16)}\r\n${frame}\r\n`);
      return new Promise<void>((resolve) => {
        let left = clients.size;
        const onTaken = (): void => {
          if (--left === 0) resolve();
        };
        for (const socket of clients) socket.write(chunk, onTaken);
      });
    },
  };
}
