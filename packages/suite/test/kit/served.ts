/** Served: one running server with a hub, and the clients of a test. Whatever the leg, a test uses it in the same way. */

import type { AddressInfo, Socket } from 'node:net';
import { createHub, type Hub, type HubOptions } from '@headwater/core';
import { type Collector, collect, type FakeClock, reconnectingClient } from '@headwater/testing';
import { afterAll, beforeAll, onTestFinished } from 'vitest';
import type { App, Driven, Handler, LazyHandler } from './app.js';
import { pem } from './certificate.js';
import { drive as driveExpress } from './express.js';
import { drive as driveFastify } from './fastify.js';
import { type Follower, Http2Follower } from './follower.js';
import { Http2Client } from './http2.js';
import { isHttp2, isTls, type Leg } from './legs.js';
import { drive as driveNode } from './node.js';
import { type Paused, pauseHttp1, pauseHttp2 } from './paused.js';
import { Record } from './record.js';
import { DEADLINE_MS, turns } from './wait.js';

export interface Request {
  readonly method?: string;
  readonly headers?: Readonly<{ [name: string]: string }>;
  readonly body?: string | Uint8Array;
  readonly lastEventId?: string;
  /** Appended to the path. */
  readonly query?: string;
  readonly timeoutMs?: number;
}

export interface ServeOptions {
  /** The hub, or the options of one. Either way it is closed with the server. */
  readonly hub?: Hub | (Omit<HubOptions, 'clock'> & { readonly clock?: FakeClock });
  readonly options?: App['options'];
}

/** What a client asks for: a handler that is made a route of its own, or a path. */
export type Target = Handler | string;

export class Served {
  readonly leg: Leg;
  readonly hub: Hub;
  readonly record: Record = new Record();
  /** What reached the framework's error handling. */
  readonly failures: unknown[] = [];
  /** Handles the paths that are no route's. */
  fallback: Handler = (_connection, context) => context.answer(404, { error: 'no such route' });
  readonly sockets: Set<Socket> = new Set();
  readonly #driven: Driven;
  readonly #handlers: LazyHandler[] = [];
  #http2: Http2Client | undefined;
  readonly #former: Http2Client[] = [];
  readonly #clock: FakeClock | undefined;
  #isClosed = false;

  constructor(leg: Leg, { hub = {}, options = {} }: ServeOptions) {
    this.leg = leg;
    this.hub = 'publish' in hub ? hub : createHub(hub);
    if ('clock' in hub && 'advance' in hub.clock) this.#clock = hub.clock;
    this.hub.observe(this.record);
    const handler: LazyHandler = (connection, context) => {
      const [, number] = /^\/r\/(\d+)/.exec(context.url) ?? [];
      const own = this.#handlers[Number(number)];
      return own ? own(connection, context) : this.fallback(connection(), context);
    };
    const app: App = { hub: this.hub, options, handler, failed: (error) => void this.failures.push(error) };
    this.#driven = drive(leg, app);
    // Nothing is closed for being idle: what closes a connection is what the test has done.
    if ('keepAliveTimeout' in this.#driven.server) this.#driven.server.keepAliveTimeout = 0;
    this.#driven.server.on('connection', (socket: Socket) => {
      this.sockets.add(socket);
      socket.once('close', () => this.sockets.delete(socket));
    });
  }

  async listen(): Promise<this> {
    await this.#driven.ready?.();
    // A crowd that comes while this process is busy waits its turn: beyond the usual 511 the system would reset it.
    const address = { port: 0, host: '127.0.0.1', backlog: 4_096 };
    await new Promise<void>((listening) => this.#driven.server.listen(address, listening));
    return this;
  }

  get port(): number {
    return (this.#driven.server.address() as AddressInfo).port;
  }

  get origin(): string {
    return `${isTls(this.leg) ? 'https' : 'http'}://127.0.0.1:${this.port}`;
  }

  get http2(): Http2Client {
    this.#http2 ??= new Http2Client(this.origin);
    return this.#http2;
  }

  /** The next request of HTTP/2 opens a session of its own; those before keep theirs. */
  renewHttp2(): void {
    if (this.#http2) this.#former.push(this.#http2);
    this.#http2 = undefined;
  }

  /** Makes `handler` a route, and returns its path. */
  route(handler: Handler): string {
    return this.lazyRoute((connection, context) => handler(connection(), context));
  }

  lazyRoute(handler: LazyHandler): string {
    return `/r/${this.#handlers.push(handler) - 1}`;
  }

  /** The path that `target` stands for. */
  path(target: Target, query?: string): string {
    const path = typeof target === 'string' ? target : this.route(target);
    return query === undefined ? path : `${path}?${query}`;
  }

  url(target: Target, query?: string): string {
    return `${this.origin}${this.path(target, query)}`;
  }

  /** Opens a stream that is read as fast as it comes. */
  open(target: Target, { query, ...request }: Request = {}): Promise<Collector> {
    if (isHttp2(this.leg)) return this.http2.open(this.path(target, query), request);
    return collect(this.url(target, query), { timeoutMs: DEADLINE_MS, ...request, tls: { ca: pem } });
  }

  /** Opens a stream, of which nothing behind the head is read until the test says so. */
  pause(target: Target, { query, ...request }: Request = {}): Promise<Paused> {
    if (isHttp2(this.leg)) return pauseHttp2(this.origin, this.path(target, query), request);
    return pauseHttp1(this.url(target, query), request);
  }

  /** A client that resumes as EventSource does. */
  follow(target: Target, { query, lastEventId, timeoutMs }: Request = {}): Follower {
    const path = this.path(target, query);
    const options = { ...(lastEventId && { lastEventId }), timeoutMs: timeoutMs ?? DEADLINE_MS, tls: { ca: pem } };
    const client = isHttp2(this.leg)
      ? new Http2Follower(this.origin, path, options)
      : reconnectingClient(`${this.origin}${path}`, options);
    onTestFinished(() => client.close());
    return client;
  }

  /** Shuts the application down in its own way. Resolves when the framework says that it is done. */
  async shutdown(): Promise<void> {
    // Fastify's plugin ends its streams by itself, before it closes; the others have nobody to do it.
    if (this.leg.framework !== 'fastify') await this.hub.close();
    await this.#driven.close();
  }

  /** Closes the server, or Fastify's instance, and nothing else. */
  closeServer(): Promise<unknown> {
    return this.#driven.close();
  }

  /** Ends everything, whatever state it is in. */
  async close(): Promise<void> {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.renewHttp2();
    for (const client of this.#former) client.close();
    await this.#whileTimePasses(this.hub.close());
    const closed = this.#driven.close().catch(() => {});
    for (const socket of this.sockets) socket.destroy();
    await closed;
  }

  /** A hub that closes gives its last bytes some time, which a clock that stands still would never let pass. */
  async #whileTimePasses(closing: Promise<unknown>): Promise<void> {
    let isDone = false;
    void closing.finally(() => {
      isDone = true;
    });
    while (!isDone) {
      this.#clock?.advance(20);
      await turns(1);
    }
  }
}

/** A server for one test. */
export async function serve(leg: Leg, options: ServeOptions = {}): Promise<Served> {
  const served = new Served(leg, options);
  onTestFinished(() => served.close());
  return served.listen();
}

/** A server that the tests of one `describe` share. */
export function share(leg: Leg, options: ServeOptions = {}): () => Served {
  let served: Served;
  beforeAll(async () => {
    served = await new Served(leg, options).listen();
  });
  afterAll(() => served.close());
  return () => served;
}

function drive(leg: Leg, app: App): Driven {
  if (leg.framework === 'node') return driveNode(app, leg.protocol);
  if (leg.framework === 'fastify') return driveFastify(app, leg.protocol);
  return driveExpress(app, leg);
}
