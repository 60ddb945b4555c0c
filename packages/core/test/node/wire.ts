/** Real servers on 127.0.0.1 and clients that see every byte. Nothing here sleeps: it waits for what it names. */
import { Buffer } from 'node:buffer';
import { readFileSync } from 'node:fs';
import * as http from 'node:http';
import * as http2 from 'node:http2';
import * as https from 'node:https';
import * as net from 'node:net';
import * as tls from 'node:tls';
import { onTestFinished } from 'vitest';
import { type Batch, textBatch } from '../../src/batch.js';
import { type NodeRequest, type NodeResponse, NodeTransport } from '../../src/node/index.js';
import type { Sink, SinkEvents, StreamInit } from '../../src/sink.js';

const pem: Buffer = readFileSync(new URL('../fixtures/localhost.pem', import.meta.url));

export const PRELUDE: Batch = textBatch('retry: 2000\n:\n');

/** Resolves once `check` holds; a test's own time limit is the only other end. */
export async function until(check: () => boolean): Promise<void> {
  while (!check()) await new Promise<void>((resolve) => setImmediate(resolve));
}

/** A stream that a handler has opened, and what its sink reported. */
export class Opened implements SinkEvents {
  readonly req: NodeRequest;
  readonly res: NodeResponse;
  readonly transport: NodeTransport;
  readonly failures: unknown[] = [];
  sink!: Sink;
  drains = 0;
  ends = 0;

  constructor(req: NodeRequest, res: NodeResponse) {
    this.req = req;
    this.res = res;
    this.transport = new NodeTransport(req, res, { fail: (error) => this.failures.push(error) });
  }

  open(init: Partial<StreamInit> = {}): this {
    this.sink = this.transport.open({ prelude: PRELUDE, ...init }, this);
    return this;
  }

  get kind(): string {
    return this.sink.constructor.name;
  }

  drained(): void {
    this.drains += 1;
  }

  gone(): void {
    this.ends += 1;
  }
}

export interface Host<Server> {
  readonly server: Server;
  readonly port: number;
  /** Streams in the order of their requests. */
  readonly streams: Opened[];
  /** The stream of request number `index`, once it is there. */
  stream(index?: number): Promise<Opened>;
}

type Handler = (stream: Opened) => void;

const openAtOnce: Handler = (stream) => void stream.open();

async function host<Server extends net.Server>(server: Server, handler: Handler): Promise<Host<Server>> {
  const streams: Opened[] = [];
  server.on('request', (req: NodeRequest, res: NodeResponse) => {
    const stream = new Opened(req, res);
    handler(stream);
    streams.push(stream);
  });
  const sockets = new Set<net.Socket>();
  server.on('connection', (socket: net.Socket) => {
    sockets.add(socket);
    socket.once('close', () => sockets.delete(socket));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => {
    server.close();
    for (const socket of sockets) socket.destroy();
  });
  return {
    server,
    port: (server.address() as net.AddressInfo).port,
    streams,
    async stream(index = 0) {
      await until(() => streams.length > index);
      return streams[index]!;
    },
  };
}

export function serve(handler: Handler = openAtOnce, options: http.ServerOptions = {}): Promise<Host<http.Server>> {
  return host(http.createServer(options), handler);
}

export function serveTls(handler: Handler = openAtOnce): Promise<Host<https.Server>> {
  return host(https.createServer({ key: pem, cert: pem }), handler);
}

export function serveHttp2(
  handler: Handler = openAtOnce,
  options: http2.ServerOptions = {},
): Promise<Host<http2.Http2Server>> {
  return host(http2.createServer(options), handler);
}

export async function connectHttp2(
  port: number,
  options?: http2.ClientSessionOptions,
): Promise<http2.ClientHttp2Session> {
  const session = http2.connect(`http://127.0.0.1:${port}`, options);
  session.on('error', () => {});
  onTestFinished(() => session.destroy());
  await new Promise<void>((resolve) => session.once('connect', () => resolve()));
  return session;
}

/** A client that keeps every byte it gets. */
export class Client {
  readonly socket: net.Socket;
  readonly #parts: Buffer[] = [];
  ended = false;
  closed = false;
  error: NodeJS.ErrnoException | undefined;

  constructor(socket: net.Socket) {
    this.socket = socket;
    socket.on('data', (part: Buffer) => this.#parts.push(part));
    socket.on('end', () => {
      this.ended = true;
    });
    socket.on('error', (error) => {
      this.error = error;
    });
    socket.on('close', () => {
      this.closed = true;
    });
    onTestFinished(() => void socket.destroy());
  }

  /** Sends one request with exactly these header lines. */
  request(line: string, headers: readonly string[] = ['Host: x']): this {
    this.socket.write(`${line}\r\n${headers.map((header) => `${header}\r\n`).join('')}\r\n`);
    return this;
  }

  get parts(): readonly Buffer[] {
    return this.#parts;
  }

  get text(): string {
    return Buffer.concat(this.#parts).toString('latin1');
  }

  /** Forgets what came so far. */
  clear(): void {
    this.#parts.length = 0;
  }

  async sees(text: string): Promise<void> {
    await until(() => this.text.includes(text));
  }

  /** The status line and headers of the first response, once they are there. */
  async head(): Promise<string> {
    await this.sees('\r\n\r\n');
    return this.text.slice(0, this.text.indexOf('\r\n\r\n') + 4);
  }

  /** What follows the first head. */
  get body(): string {
    return this.text.slice(this.text.indexOf('\r\n\r\n') + 4);
  }
}

export function connect(port: number): Client {
  return new Client(net.connect(port, '127.0.0.1'));
}

export function connectTls(port: number): Client {
  return new Client(tls.connect({ port, host: '127.0.0.1', ca: pem }));
}

/** The bytes of a chunked body, without the chunks; throws where the framing is broken. */
export function dechunk(body: string): string {
  let rest = body;
  let plain = '';
  for (;;) {
    const match = /^([0-9a-f]+)\r\n/.exec(rest);
    if (match === null) {
      if (rest === '') return plain;
      throw new Error(`Not a chunk: ${JSON.stringify(rest.slice(0, 40))}`);
    }
    const size = Number.parseInt(match[1]!, 16);
    const start = match[0].length;
    if (rest.slice(start + size, start + size + 2) !== '\r\n') throw new Error('A chunk does not end where it says');
    plain += rest.slice(start, start + size);
    rest = rest.slice(start + size + 2);
  }
}
