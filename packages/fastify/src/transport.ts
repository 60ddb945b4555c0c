/**
 * One Fastify request and its reply, as the core sees them. What is read comes from the raw request; what is answered goes through
 * the reply, and with it through the onSend hooks of every plugin.
 * Invariant: nothing is sent or changed before it is certain that a stream can open.
 */
import {
  type Connection,
  type Sink,
  type SinkEvents,
  SseError,
  type StreamInit,
  type Transport,
  type Wishes,
} from '@headwater/core';
import {
  type AcceptOptions,
  type NodeRequest,
  type NodeResponse,
  NodeTransport,
  refusesEventStream,
  shown,
  streamHeaders,
  streamStatus,
} from '@headwater/core/node';
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { Claimant } from './claimant.js';
import { DeferredSink } from './deferred-sink.js';
import { ReplyClaim } from './reply-claim.js';
import { applyReplyHead } from './reply-head.js';

/** What keeps the streams of an application. */
export interface Host {
  /** Tells the observers of an error, unless they have heard of it. */
  report(error: unknown, connection: Connection): void;
  /** Called as soon as the stream is there, before the connection knows. */
  opened(connection: Connection): void;
}

/** What the plugin's options say of each connection. */
export interface ConnectionOptions extends Omit<AcceptOptions, 'clientKey'> {
  /** Whom `maxConnectionsPerClient` counts. Default: `request.ip`, which obeys Fastify's `trustProxy`. */
  clientKey?: ((request: FastifyRequest) => string | undefined) | undefined;
}

export class FastifyTransport implements Transport, Claimant {
  readonly reply: FastifyReply;
  readonly host: Host;
  /** Set by whoever makes the connection, at once. */
  connection!: Connection;
  /** Where the stream goes, once it was opened. */
  sink: Sink | undefined;
  readonly #node: NodeTransport;
  readonly #claim: ReplyClaim;

  constructor(reply: FastifyReply, host: Host, { trustQuery, clientKey }: ConnectionOptions) {
    const { request } = reply;
    this.reply = reply;
    this.host = host;
    this.#node = new NodeTransport(request.raw as NodeRequest, reply.raw as NodeResponse, {
      request,
      trustQuery,
      clientKey: () => (clientKey ? clientKey(request) : request.ip),
      fail: (error) => this.fail(error),
    });
    this.#claim = new ReplyClaim(reply, this);
  }

  get request(): unknown {
    return this.#node.request;
  }

  get lastEventId(): string | undefined {
    return this.#node.lastEventId;
  }

  get origin(): string | undefined {
    return this.#node.origin;
  }

  get isServing(): boolean {
    return this.#node.isServing;
  }

  get wishes(): Wishes {
    return this.#node.wishes;
  }

  get clientKey(): string | undefined {
    return this.#node.clientKey;
  }

  get isAlive(): boolean {
    return this.#node.isAlive;
  }

  get isHead(): boolean {
    return this.#node.isHead;
  }

  watch(gone: () => void): void {
    this.#node.watch(() => {
      this.#claim.closed();
      gone();
    });
  }

  open(init: StreamInit, events: SinkEvents): Sink {
    const { reply } = this;
    const { raw } = reply.request;
    if (!this.#claim.isFree) {
      throw new SseError('ERR_SSE_HEADERS_SENT', 'Cannot open the stream: the reply was answered or hijacked already');
    }
    if (refusesEventStream(raw.headers.accept)) throw notAcceptable(raw.headers.accept);
    const status = streamStatus(init.status ?? reply.statusCode);
    const http2 = raw.httpVersionMajor === 2;
    const changes = streamHeaders((name) => reply.getHeader(name), init.headers, {
      http2,
      traceparent: init.traceparent,
    });
    const undo = applyReplyHead(reply, status, changes);
    // @fastify/compress does not look at `no-transform`, and would keep events back until they fill a block; this it respects.
    raw.headers['x-no-compression'] ??= 'text/event-stream';
    const sink = new DeferredSink(init.prelude, events);
    this.#claim.stream({
      take: (res) => sink.takeHold(res),
      cancel: () => {
        sink.destroy();
        if (!reply.raw.headersSent) undo();
      },
    });
    // Fastify empties the payload of its own HEAD routes: nothing is ever taken.
    if (this.isHead) sink.destroy();
    this.sink = sink.current;
    this.host.opened(this.connection);
    return this.sink;
  }

  refuse(retryAfterSeconds: number): void {
    const { reply } = this;
    if (!this.#claim.isFree || !this.isAlive) return;
    for (const name of ['content-length', 'content-encoding', 'etag']) reply.removeHeader(name);
    reply
      .code(503)
      .type('text/plain; charset=utf-8')
      .headers({
        'retry-after': String(Math.max(0, Math.ceil(retryAfterSeconds))),
        'cache-control': 'no-store',
      });
    this.#claim.refuse('Too busy for another stream, try again later.\n');
  }

  fail(error: unknown): void {
    this.#claim.fail(error);
  }

  report(error: unknown): void {
    this.host.report(error, this.connection);
  }
}

function notAcceptable(accept: string | undefined): SseError {
  return new SseError(
    'ERR_SSE_NOT_ACCEPTABLE',
    `Cannot open the stream: the request's Accept header excludes text/event-stream: ${shown(accept ?? '', 200)}`,
    { statusCode: 406 },
  );
}
