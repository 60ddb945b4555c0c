/**
 * fakeTransport(): a request and its stream without a network, for tests of what stands above. It makes the core's `Transport` and
 * `Sink` contracts visible: what was written, what of it has left, and when the client went. Everything happens within the call
 * that causes it; there is no timer and no turn.
 */
import type { Batch, Sink, SinkEvents, StreamInit, Transport, Wishes } from '@headwater/core';
import { type FakeEnding, FakeSink } from './fake-sink.js';
import type { ReceivedEvent } from './received.js';

/**
 * The request that a fake transport stands for.
 * @example
 * const transport = fakeTransport({ lastEventId: client.cursor, wishes: { prev: true } });
 */
export interface FakeTransportOptions {
  /** Last-Event-ID as the client sends it. Default: none. */
  readonly lastEventId?: string;
  /** Default: none. */
  readonly wishes?: Wishes;
  /** The `Origin` header. Default: none. */
  readonly origin?: string;
  /** Default: none. */
  readonly clientKey?: string;
  /** Default: false. */
  readonly isHead?: boolean;
  /** What callbacks get as the framework's request. Default: an empty object. */
  readonly request?: unknown;
  /** Makes `open` throw it. */
  readonly openError?: unknown;
}

/**
 * A transport without a network. The client's side has seen only what has left: while paused, writes are pending.
 * @example
 * const transport = fakeTransport();
 * const sink = transport.open({ prelude }, events);
 * transport.pause();
 * sink.write(batch);
 * transport.pendingBytes; // batch.size
 * transport.drain(); // calls events.drained()
 * transport.events.map(({ data }) => data);
 */
export interface FakeTransport extends Transport {
  /** What `open` was given; undefined before. */
  readonly init: StreamInit | undefined;
  /** All that was written, the prelude first, whether or not it has left. */
  readonly batches: readonly Batch[];
  /** Bytes that were written and have not left. */
  readonly pendingBytes: number;
  /** What the client has seen. */
  readonly text: string;
  /** The events in `text`. */
  readonly events: readonly ReceivedEvent[];
  /** The text of each comment line. */
  readonly comments: readonly string[];
  /** The last `retry` in milliseconds. */
  readonly retry: number | undefined;
  /** The id that the client would resume from: the request's, until an event brings another. */
  readonly cursor: string;
  /** How the stream ended; undefined while it is open, and while an orderly end still waits for room. */
  readonly ending: FakeEnding | undefined;
  /** The seconds given to `refuse`. */
  readonly refusedAfterSeconds: number | undefined;
  /** The errors given to `fail`. */
  readonly failures: readonly unknown[];
  /** From now on there is no room: what is written is pending. */
  pause(): void;
  /** Lets `bytes` of what is pending leave. Without a number all of it, and there is room again. */
  drain(bytes?: number): void;
  /** The client goes away, and what is pending is lost. `unnoticed`: nobody is told before the next write. */
  cut(how?: 'unnoticed'): void;
}

/**
 * A `Transport` whose room and whose client's leaving are in the test's hand.
 * @example
 * const transport = fakeTransport({ lastEventId: 'a.7' });
 * const sink = transport.open({ prelude }, { drained() {}, gone() {} });
 */
export function fakeTransport(options: FakeTransportOptions = {}): FakeTransport {
  return new ManualTransport(options);
}

class ManualTransport implements FakeTransport {
  readonly request: unknown;
  readonly lastEventId: string | undefined;
  readonly wishes: Wishes;
  readonly origin: string | undefined;
  readonly clientKey: string | undefined;
  readonly isHead: boolean;
  readonly failures: unknown[] = [];
  init: StreamInit | undefined;
  refusedAfterSeconds: number | undefined;
  isAlive = true;
  readonly #openError: { readonly error: unknown } | undefined;
  readonly #sink: FakeSink;
  #watcher: (() => void) | undefined;

  constructor(options: FakeTransportOptions) {
    this.request = options.request ?? {};
    this.lastEventId = options.lastEventId;
    this.wishes = options.wishes ?? {};
    this.origin = options.origin;
    this.clientKey = options.clientKey;
    this.isHead = options.isHead ?? false;
    this.#openError = 'openError' in options ? { error: options.openError } : undefined;
    this.#sink = new FakeSink(this.isHead, options.lastEventId ?? '', () => {
      this.isAlive = false;
    });
  }

  get batches(): readonly Batch[] {
    return this.#sink.batches;
  }

  get pendingBytes(): number {
    return this.#sink.pendingBytes;
  }

  get text(): string {
    return this.#sink.text;
  }

  get events(): readonly ReceivedEvent[] {
    return this.#sink.received.events;
  }

  get comments(): readonly string[] {
    return this.#sink.received.comments;
  }

  get retry(): number | undefined {
    return this.#sink.received.retry;
  }

  get cursor(): string {
    return this.#sink.received.lastEventId;
  }

  get ending(): FakeEnding | undefined {
    return this.#sink.ending;
  }

  watch(gone: () => void): void {
    this.#watcher = gone;
  }

  open(init: StreamInit, events: SinkEvents): Sink {
    if (this.#openError !== undefined) throw this.#openError.error;
    if (this.init !== undefined) throw refusal('ERR_SSE_HEADERS_SENT', 'it has been opened before');
    if (!this.isAlive) throw refusal('ERR_SSE_CLOSED', 'the client has gone or the response is over');
    this.init = init;
    this.#sink.start(init.prelude, events);
    return this.#sink;
  }

  refuse(retryAfterSeconds: number): void {
    this.refusedAfterSeconds = retryAfterSeconds;
    this.isAlive = false;
  }

  fail(error: unknown): void {
    this.failures.push(error);
    this.isAlive = false;
  }

  pause(): void {
    this.#sink.pause();
  }

  drain(bytes?: number): void {
    this.#sink.drain(bytes);
  }

  cut(how?: 'unnoticed'): void {
    if (!this.isAlive) return;
    if (this.init === undefined) {
      this.isAlive = false;
      this.#watcher?.();
    } else {
      this.#sink.cut(how === 'unnoticed');
    }
  }
}

// The shape of the core's `SseError`: this package takes nothing but types from it, so that the core's own tests can use it.
function refusal(code: string, why: string): Error {
  return Object.assign(new Error(`Cannot open the fake transport: ${why}`), { code });
}
