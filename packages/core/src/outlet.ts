/**
 * Outlet: a connection's sink and everything about writing to it: opening, room, pending bytes, the farewell, the end.
 * Invariant: after the end nothing is written and nothing of the connection is left in the hub; the end comes once.
 */
import { setMaxListeners } from 'node:events';
import { type Batch, textBatch } from './batch.js';
import type { Connection } from './connection.js';
import type { Cursor } from './cursor.js';
import { SseError } from './errors.js';
import { decodeBody, encodeControl, encodeMessage, type Frame } from './frame.js';
import type { HubCore } from './hub-core.js';
import { toMessage } from './message.js';
import type { CloseReason } from './observer.js';
import { ROOM_BYTES } from './options.js';
import type { ReplayHook } from './replay-hook.js';
import type { Sink, SinkEvents, Transport } from './sink.js';
import type { Filter } from './subscription.js';

/** Options of `open`. */
export interface OpenOptions {
  /** HTTP status. Default: the response's own, 200 if nobody set it. */
  status?: number | undefined;
  /** Replaces default and earlier headers; `undefined` removes one. */
  headers?: Readonly<Record<string, string | readonly string[] | undefined>> | undefined;
  /** Reconnection time announced first, in milliseconds. Default: the hub's `retryMs`. */
  retryMs?: number | undefined;
}

/** Options of `close`. */
export interface CloseOptions {
  /** Reconnection time announced last, in milliseconds. */
  retryMs?: number | undefined;
  /** Default `server`. */
  reason?: CloseReason | undefined;
  /** Free text for observers. */
  detail?: string | undefined;
  /** Tells clients that understand it (`sse.bye`) not to come back. EventSource itself can only be told so by a 204 on its next request. */
  final?: boolean | undefined;
}

/** How a connection ended. */
export interface Ended {
  readonly reason: CloseReason;
  readonly detail: string | undefined;
}

/** Reasons for which nothing that waits is waited for. */
const AT_ONCE: ReadonlySet<CloseReason> = new Set(['expired', 'revoked']);

const TRUE = Promise.resolve(true);
const FALSE = Promise.resolve(false);

export class Outlet implements SinkEvents {
  readonly connection: Connection;
  readonly id: string;
  readonly transport: Transport;
  cursor: Cursor | undefined;
  ended: Ended | undefined;
  /** Tick of the heartbeat in which something was written last. */
  lastTick = 0;
  openedAt = 0;
  /** Time of `elapsed` at which the connection is too old; Infinity for never. */
  endsAt = Number.POSITIVE_INFINITY;
  /** For the stall check: bytes taken by the system at the last look, and since when they have not changed. */
  taken = 0;
  stuckSince = -1;
  /** Bytes written in all. */
  written = 0;
  /** Messages written in all. */
  events = 0;

  readonly #hub: HubCore;
  #asked = false;
  #sink: Sink | undefined;
  #room: { promise: Promise<boolean>; resolve: (room: boolean) => void } | undefined;
  #abort: AbortController | undefined;
  #whenEnded: ((ended: Ended) => void)[] | undefined;

  constructor(connection: Connection, hub: HubCore, transport: Transport) {
    this.connection = connection;
    this.#hub = hub;
    this.transport = transport;
    this.id = hub.nextId();
    if (transport.isAlive) transport.watch(() => this.gone());
    else this.#finish('client', undefined);
  }

  get wasAsked(): boolean {
    return this.#asked;
  }

  get isOpen(): boolean {
    return this.#sink !== undefined && !this.ended;
  }

  get wasOpened(): boolean {
    return this.#sink !== undefined;
  }

  get pendingBytes(): number {
    return this.#sink && !this.ended ? this.#sink.pendingBytes : 0;
  }

  get hasRoom(): boolean {
    return this.#sink !== undefined && this.#sink.pendingBytes < ROOM_BYTES;
  }

  get lastEventId(): string | undefined {
    return this.transport.lastEventId;
  }

  get replayHook(): ReplayHook | undefined {
    return this.connection.replay ?? this.#hub.options.replay;
  }

  get wantsLinks(): boolean {
    return this.transport.wishes.prev === true;
  }

  /** Milliseconds between this connection's heartbeats, 0 for none: what the client asked for, within the hub's bounds. */
  get heartbeatMs(): number {
    const { heartbeatMs, heartbeatBoundsMs } = this.#hub.options;
    const { heartbeatSeconds } = this.transport.wishes;
    if (heartbeatMs === false) return 0;
    if (heartbeatSeconds === undefined || !Number.isFinite(heartbeatSeconds)) return heartbeatMs;
    return Math.min(heartbeatBoundsMs[1], Math.max(heartbeatBoundsMs[0], Math.round(heartbeatSeconds * 1000)));
  }

  get signal(): AbortSignal {
    this.#abort ??= endlessListeners(new AbortController());
    if (this.ended && !this.#abort.signal.aborted) this.#abort.abort(this.ended.reason);
    return this.#abort.signal;
  }

  get closed(): Promise<Ended> {
    if (this.ended) return Promise.resolve(this.ended);
    return new Promise((resolve) => {
      this.#whenEnded ??= [];
      this.#whenEnded.push(resolve);
    });
  }

  // ---- opening

  /** Somebody wants the stream. */
  asked(): void {
    if (this.#asked || this.ended) return;
    this.#asked = true;
    this.#hub.observers.emit('connecting', this.connection);
  }

  /** Opens the stream unless it is open or over. */
  begin(options: OpenOptions = {}): void {
    if (this.#sink || this.ended) return;
    this.asked();
    if (!this.transport.isAlive) return this.#finish('client', undefined);
    this.#hub.checkOrigin(this.transport.origin, this.transport.request, this.connection);
    const refusal = this.transport.isHead ? undefined : this.#hub.admission.refuse(this);
    if (refusal) return this.#refuse(refusal, options);
    try {
      this.#open(options, this.#hub.prelude(options.retryMs));
    } catch (error) {
      this.#hub.admission.release(this);
      throw error;
    }
    if (this.ended) return;
    this.#hub.opened(this);
    if (this.transport.isHead) this.end('server', 'HEAD');
  }

  #open(options: OpenOptions, prelude: Batch): void {
    const { status, headers } = options;
    const traceparent = this.#hub.observers.ask('opening', this.connection)[0]?.traceparent;
    this.#sink = this.transport.open({ status, headers, prelude, traceparent }, this);
    this.openedAt = this.#hub.options.clock.elapsed();
    this.written = prelude.size;
    this.lastTick = this.#hub.heartbeat.tick;
  }

  /** A refusal must not kill EventSource, for which any other status than 200 is final. */
  #refuse(why: string, options: OpenOptions): void {
    const seconds = this.#hub.refusalSeconds();
    this.#hub.observers.emit('refused', this.connection, why);
    if (this.transport.wishes.refusalByStatus) {
      this.transport.refuse(seconds);
    } else {
      const busy =
        this.cursor?.control === false ? '' : encodeControl('busy', { retryMs: seconds * 1000, reason: why });
      this.#open(options, textBatch(`retry: ${seconds * 1000}\n:\n${busy}`));
    }
    this.#finish('limit', why);
    // Over the same connection it would come back to a process that is about to go.
    this.#sink?.end(this.#hub.admission.draining);
  }

  // ---- writing

  /** Writes a batch whole. False if the stream is over. */
  write(batch: Batch): boolean {
    const sink = this.#sink;
    if (!sink || this.ended) return false;
    if (this.#hasExpired) {
      this.end('expired', undefined, { retryMs: this.#hub.spreadRetryMs() });
      return false;
    }
    if (!sink.write(batch)) {
      this.gone();
      return false;
    }
    this.lastTick = this.#hub.heartbeat.tick;
    this.written += batch.size;
    if (sink.pendingBytes >= ROOM_BYTES) this.cursor?.stalled();
    return this.ended === undefined;
  }

  /** The heartbeat's tick looks for those that are silent; nobody gets anything between the end of a permission and the tick. */
  get #hasExpired(): boolean {
    const { expiresAt } = this.connection;
    return expiresAt !== undefined && !(this.#hub.options.clock.now() < expiresAt);
  }

  /** A message of the application's own. Resolves true once there is room again, false if the connection ended. */
  send(value: unknown): Promise<boolean> {
    const text = encodeMessage(toMessage(value), this.#hub.options.serializer);
    const batch = textBatch(text);
    this.#hub.checkSize(batch.size);
    if (this.ended) return FALSE;
    this.begin();
    this.events++;
    return this.#sendBatch(batch);
  }

  comment(text: string): Promise<boolean> {
    return this.send({ comment: text });
  }

  #sendBatch(batch: Batch): Promise<boolean> {
    const { hasRoom } = this;
    if (!this.write(batch)) return FALSE;
    const pending = this.pendingBytes;
    // Who had room may be given one message, whatever its size: with TLS and HTTP/2 all of it waits at first.
    if (!hasRoom && pending > this.#hub.options.maxPendingBytes) {
      this.end('slow', `${pending} bytes pending`);
      return FALSE;
    }
    if (pending < ROOM_BYTES) return TRUE;
    // One promise for everyone who waits: unawaited sends cost nothing.
    if (!this.#room) {
      let resolve: (room: boolean) => void = () => {};
      const promise = new Promise<boolean>((settle) => {
        resolve = settle;
      });
      this.#room = { promise, resolve };
    }
    return this.#room.promise;
  }

  /** Whether this connection may have the event. A filter that throws withholds it. */
  filter(filter: Filter, frame: Frame): boolean {
    try {
      const id = this.#hub.log.idAt(frame.seq);
      return filter({ id, channel: frame.channel, ...decodeBody(frame.bytes) }) === true;
    } catch (error) {
      this.#hub.observers.error(error, 'filter', this.connection);
      return false;
    }
  }

  // ---- the sink's events

  drained(): void {
    this.#room?.resolve(true);
    this.#room = undefined;
    this.cursor?.drained();
  }

  gone(): void {
    this.#finish('client', undefined);
  }

  // ---- the end

  /** Ends the stream, with a farewell where there is room for one. */
  end(
    reason: CloseReason,
    detail?: string,
    options: { retryMs?: number | undefined; final?: boolean | undefined } = {},
  ): void {
    if (this.ended) return;
    const sink = this.#sink;
    // What waits was sent before the end and still arrives: a private message comes by no other way. Not for who takes nothing,
    // nor for who must not have it any more.
    const givesUp = sink !== undefined && (reason === 'slow' || (AT_ONCE.has(reason) && !this.hasRoom));
    const farewell = this.hasRoom && !givesUp ? this.#farewell(reason, options) : '';
    if (farewell !== '') sink?.write(textBatch(farewell));
    // First the hub, then the sink: what the sink says of its own end is no news.
    this.#finish(reason, detail);
    if (givesUp) sink.destroy();
    else if (sink) {
      sink.end(reason === 'shutdown');
      if (sink.pendingBytes > 0) this.#hub.linger(sink);
    }
  }

  /** Something failed that ends the connection: before the headers the framework answers. */
  failed(error: unknown, reason: CloseReason): void {
    const detail = error instanceof Error ? error.message : String(error);
    if (this.ended) return;
    // A client whose history is gone is no error of ours.
    if (reason === 'reset') this.#hub.observers.emit('refused', this.connection, detail);
    else this.#hub.observers.error(error, 'subscribe', this.connection);
    if (!this.#sink) {
      this.#finish(reason, detail);
      this.transport.fail(error);
    } else this.end(reason, detail);
  }

  #farewell(
    reason: CloseReason,
    { retryMs, final }: { retryMs?: number | undefined; final?: boolean | undefined },
  ): string {
    const retry = retryMs === undefined ? '' : `retry: ${retryMs}\n`;
    const cursor = this.cursor;
    if (cursor?.control === false) return retry;
    if (final) return retry + encodeControl('bye', { reason }, cursor?.ownId);
    // A fresh id spares the next connection what this one has seen without an id, a quiet channel's position say.
    const id = cursor?.ownId;
    return id === undefined ? retry : retry + encodeControl('ping', { reason }, id);
  }

  #finish(reason: CloseReason, detail: string | undefined): void {
    if (this.ended) return;
    this.ended = { reason, detail };
    this.cursor?.end();
    this.#room?.resolve(false);
    this.#room = undefined;
    this.#hub.finished(this, this.ended);
    this.#abort?.abort(reason);
    for (const settle of this.#whenEnded ?? []) settle(this.ended);
    this.#whenEnded = undefined;
  }
}

/** @internal */
export function alreadyOpen(): SseError {
  return new SseError('ERR_SSE_HEADERS_SENT', 'Cannot open the stream: it is already open');
}

/** A stream may have any number of sources, and each of them listens; that is no leak to warn of. */
function endlessListeners(abort: AbortController): AbortController {
  setMaxListeners(0, abort.signal);
  return abort;
}
