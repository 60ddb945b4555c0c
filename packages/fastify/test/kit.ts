/** Fastify servers on 127.0.0.1, what they log, and plain sockets to them. Nothing here sleeps: it waits for what it names. */
import { Buffer } from 'node:buffer';
import type { AddressInfo, Socket } from 'node:net';
import * as net from 'node:net';
import {
  type FastifyInstance,
  type FastifyReply,
  type FastifyServerOptions,
  fastify,
  type RouteHandlerMethod,
} from 'fastify';
import { onTestFinished } from 'vitest';
import { type Connection, type SsePluginOptions, ssePlugin } from '../src/index.js';

/** Resolves once `check` holds; a test's own time limit is the only other end. */
export async function until(check: () => boolean): Promise<void> {
  while (!check()) await new Promise<void>((resolve) => setImmediate(resolve));
}

/** Lets everything that is due happen: promises, ticks and immediates. */
export async function settle(): Promise<void> {
  for (let turn = 0; turn < 5; turn += 1) await new Promise<void>((resolve) => setImmediate(resolve));
}

/** A promise and its key. */
export function gate<T = void>(): { promise: Promise<T>; open: (value: T) => void } {
  let open: (value: T) => void = () => {};
  const promise = new Promise<T>((resolve) => {
    open = resolve;
  });
  return { promise, open };
}

interface Line {
  readonly level: number;
  readonly msg: string;
  readonly err?: { readonly code?: string; readonly message: string };
  readonly sse?: {
    readonly connection: string;
    readonly reason?: string;
    readonly detail?: string;
    readonly durationMs?: number;
  };
}

const ERROR = 50;

export interface Log {
  readonly lines: Line[];
  readonly options: FastifyServerOptions;
  /** Messages at level `error` and above. */
  readonly errors: Line[];
}

export function captureLog(level = 'info'): Log {
  const lines: Line[] = [];
  const stream = { write: (line: string) => void lines.push(JSON.parse(line)) };
  return {
    lines,
    options: { logger: { level, stream } },
    get errors() {
      return lines.filter((line) => line.level >= ERROR);
    },
  };
}

/** An application with the plugin, not yet ready, closed after the test. */
export async function sseApp(options: FastifyServerOptions = {}, sse: SsePluginOptions = {}): Promise<FastifyInstance> {
  const app = fastify(options);
  onTestFinished(() => void app.close());
  await app.register(ssePlugin, sse);
  return app;
}

/** A stream of one message. */
export function sendAndClose(reply: Pick<FastifyReply, 'sse'>, text: string): void {
  void reply.sse.send(text);
  reply.sse.close();
}

/** Starts `app`. Its sockets are destroyed after the test, so that closing never waits. */
export async function listen(app: FastifyInstance): Promise<string> {
  const sockets = new Set<Socket>();
  app.server.on('connection', (socket: Socket) => {
    sockets.add(socket);
    socket.once('close', () => sockets.delete(socket));
  });
  await app.listen({ port: 0, host: '127.0.0.1' });
  onTestFinished(async () => {
    for (const socket of sockets) socket.destroy();
    await app.close();
  });
  const protocol = 'setSecureContext' in app.server ? 'https' : 'http';
  return `${protocol}://127.0.0.1:${portOf(app)}`;
}

export function portOf(app: FastifyInstance): number {
  return (app.server.address() as AddressInfo).port;
}

/** A client that keeps every byte it gets. */
export class Client {
  readonly socket: Socket;
  readonly #parts: Buffer[] = [];
  isClosed = false;

  constructor(port: number) {
    this.socket = net.connect(port, '127.0.0.1');
    this.socket.on('data', (part: Buffer) => this.#parts.push(part));
    this.socket.on('error', () => {});
    this.socket.on('close', () => {
      this.isClosed = true;
    });
    onTestFinished(() => void this.socket.destroy());
  }

  request(line: string, ...headers: string[]): this {
    this.socket.write(`${[line, 'Host: x', ...headers].join('\r\n')}\r\n\r\n`);
    return this;
  }

  get text(): string {
    return Buffer.concat(this.#parts).toString('latin1');
  }

  /** What came behind the head, without chunks. */
  get body(): string {
    return this.text.replace(/^.*?\r\n\r\n/s, '').replaceAll(/[0-9a-f]+\r\n(.*?)\r\n/gs, '$1');
  }

  clear(): void {
    this.#parts.length = 0;
  }

  async sees(text: string): Promise<void> {
    await until(() => this.text.includes(text));
  }
}

/** A server with one route, what it logs, and the connections of its requests. */
export async function serveHandler(handler: RouteHandlerMethod) {
  const log = captureLog();
  const app = await sseApp(log.options);
  const connections: Connection[] = [];
  app.get('/', function (request, reply) {
    connections.push(reply.sse);
    return handler.call(this, request, reply);
  });
  return { app, log, connections, url: `${await listen(app)}/` };
}

/** Resolves once the server has no socket left. */
export function noSockets(app: FastifyInstance): Promise<void> {
  return new Promise((resolve) => {
    const look = () => app.server.getConnections((_error, count) => (count === 0 ? resolve() : setImmediate(look)));
    look();
  });
}
