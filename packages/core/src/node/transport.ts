/**
 * One request of node:http or node:http2 and its response, as the core sees them.
 * Invariant: nothing is read before it is asked for, and nothing is sent or changed before it is certain that a stream can open.
 */
import { SseError, shown } from '../errors.js';
import type { Sink, SinkEvents, StreamInit, Transport, Wishes } from '../sink.js';
import { refusesEventStream } from './accept.js';
import { applyHead, streamHeaders, streamStatus } from './headers.js';
import { readLastEventId } from './last-event-id.js';
import { readQuery, readWishes } from './query.js';
import { isHttp2, isOver, type NodeRequest, type NodeResponse, onClosed } from './response.js';
import { takeHold } from './sinks.js';

export interface NodeTransportOptions {
  /** What callbacks get as the request: the framework's own. Default: `req`. */
  readonly request?: unknown;
  /** False: Last-Event-ID is taken from the header only. Default: true. */
  readonly trustQuery?: boolean | undefined;
  /** Whom the limit per client counts. Default: the remote address. */
  readonly clientKey?: ((req: NodeRequest) => string | undefined) | undefined;
  /** Takes an error from before the headers, as the framework would have. */
  readonly fail: (error: unknown) => void;
}

/** Servers that were listening when a stream of theirs was made. */
const seenListening = new WeakSet<object>();

export class NodeTransport implements Transport {
  readonly #req: NodeRequest;
  readonly #res: NodeResponse;
  readonly #options: NodeTransportOptions;
  #query: URLSearchParams | undefined | null = null;
  #wishes: Wishes | undefined;
  #unwatch: (() => void) | undefined;

  constructor(req: NodeRequest, res: NodeResponse, options: NodeTransportOptions) {
    this.#req = req;
    this.#res = res;
    this.#options = options;
  }

  get request(): unknown {
    return this.#options.request ?? this.#req;
  }

  get lastEventId(): string | undefined {
    const header = this.#req.headers['last-event-id'];
    return readLastEventId(header, this.#options.trustQuery === false ? undefined : this.#readQuery());
  }

  get origin(): string | undefined {
    return this.#req.headers.origin;
  }

  get wishes(): Wishes {
    this.#wishes ??= readWishes(this.#readQuery());
    return this.#wishes;
  }

  get clientKey(): string | undefined {
    const { clientKey } = this.#options;
    return clientKey === undefined ? this.#req.socket.remoteAddress : clientKey(this.#req);
  }

  get isAlive(): boolean {
    return !isOver(this.#res);
  }

  get isServing(): boolean {
    // One that never listened is fed its connections by somebody else, and serves all the same.
    const server = this.#server;
    return server?.listening !== false || !seenListening.has(server);
  }

  get isHead(): boolean {
    return this.#req.method === 'HEAD';
  }

  watch(gone: () => void): void {
    this.#unwatch?.();
    const server = this.#server;
    if (server?.listening) seenListening.add(server);
    if (isOver(this.#res)) {
      queueMicrotask(gone);
      return;
    }
    // The response's end, not the request's: a request closes as soon as its body has been read.
    this.#unwatch = onClosed(this.#res, () => {
      this.#stopWatching();
      gone();
    });
  }

  open(init: StreamInit, events: SinkEvents): Sink {
    const res = this.#res;
    if (res.headersSent) {
      throw new SseError('ERR_SSE_HEADERS_SENT', "Cannot open the stream: the response's headers have been sent");
    }
    if (refusesEventStream(this.#req.headers.accept)) {
      throw new SseError(
        'ERR_SSE_NOT_ACCEPTABLE',
        `Cannot open the stream: the request's Accept header excludes text/event-stream: ${shown(this.#req.headers.accept ?? '', 200)}`,
        { statusCode: 406 },
      );
    }
    const status = streamStatus(init.status ?? res.statusCode);
    const changes = streamHeaders((name) => res.getHeader(name), init.headers, {
      http2: isHttp2(res),
      traceparent: init.traceparent,
    });
    const undo = isOver(res) ? undefined : applyHead(res, status, changes);
    try {
      const sink = takeHold(res, init.prelude, events);
      this.#stopWatching();
      return sink;
    } catch (error) {
      if (!res.headersSent) undo?.();
      throw error;
    }
  }

  refuse(retryAfterSeconds: number): void {
    const res = this.#res;
    if (res.headersSent || isOver(res)) return;
    res.statusCode = 503;
    for (const name of ['content-length', 'content-encoding', 'etag']) res.removeHeader(name);
    res.setHeader('retry-after', String(Math.max(0, Math.ceil(retryAfterSeconds))));
    res.setHeader('cache-control', 'no-store');
    res.setHeader('content-type', 'text/plain; charset=utf-8');
    if (this.isHead) res.end();
    else res.end('Too busy for another stream, try again later.\n');
  }

  fail(error: unknown): void {
    // A turn later: a handler that passes the same error on has answered by then.
    setImmediate(() => {
      if (!this.#res.headersSent && !isOver(this.#res)) this.#options.fail(error);
    });
  }

  /** The socket of node:net, of node:tls and of an HTTP/2 session alike knows the server that accepted it. */
  get #server(): { listening?: boolean } | undefined {
    return (this.#req.socket as { server?: { listening?: boolean } } | undefined)?.server;
  }

  #stopWatching(): void {
    this.#unwatch?.();
    this.#unwatch = undefined;
  }

  #readQuery(): URLSearchParams | undefined {
    if (this.#query === null) this.#query = readQuery(this.#req.url);
    return this.#query;
  }
}
