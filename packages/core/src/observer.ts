/** The Observer contract: what metrics, tracing and logging implement. The hub calls every member under a guard: one that throws breaks nothing. */
import type { Connection } from './connection.js';
import { diagnose, isDiagnosed } from './diagnostics.js';
import type { Hub } from './hub.js';
import type { Policy, ResetReason } from './reset.js';
import type { TraceContext } from './trace-context.js';

/** Why a connection ended. One closed set; free text goes into `detail`. */
export type CloseReason =
  | 'client'
  | 'server'
  | 'slow'
  | 'reset'
  | 'expired'
  | 'revoked'
  | 'age'
  | 'limit'
  | 'shutdown'
  | 'error';

/** How a connection came to its place in the log. */
export type Resume = 'fresh' | 'resumed' | 'reset';

/** Who was kept from what. */
export interface Denial {
  /** The web origin is not allowed; the channel belongs to another region; `authorize` said no; the connection was revoked. */
  readonly why: 'origin' | 'region' | 'authorize' | 'revoked';
  /** In words, for people. */
  readonly detail: string;
  /** The connection concerned, where there is one. */
  readonly connection?: Connection | undefined;
  /** The framework's request, where there is one. */
  readonly request?: unknown;
}

/** Where an error came from. */
export type ErrorSource =
  | 'publish'
  | 'authorize'
  | 'subscribe'
  | 'send'
  | 'source'
  | 'store'
  | 'snapshot'
  | 'replay'
  | 'filter'
  | 'observer'
  | 'transport';

/** Follows one message from `publish` to what becomes of it: one of the two is called, once. */
export interface PublishFollower {
  /** Stored with the message, and told when it is delivered (`flushed`, `replayed`). Of several observers the first that has one decides. */
  readonly trace?: TraceContext | undefined;
  stored(entry: { id: string; duplicate: boolean }): void;
  failed(error: unknown): void;
}

/** Implementers MUST return quickly (the calls are part of the flush) and MUST NOT close or write to connections synchronously. */
export interface Observer {
  /** A stream is asked for; nothing is decided, nothing sent. Called in the turn, and in the context, of the request's handler. */
  connecting?(connection: Connection): void;
  /** `authorize` of a ready-made handler has allowed the connection its channels. */
  authorized?(connection: Connection): void;
  /** A stream's headers are about to leave. What is answered becomes their `traceparent`. Of several observers the first that answers decides. */
  opening?(connection: Connection): TraceContext | undefined;
  /** A stream's headers have left. */
  opened?(connection: Connection): void;
  /** A stream ended. Called once per `opened`. `durationMs` counts from `opened`. */
  closed?(connection: Connection, end: { reason: CloseReason; detail: string | undefined; durationMs: number }): void;
  /** What was asked for (`connecting`) has ended before a stream was opened: the client has left, it was refused, or got an error. */
  abandoned?(connection: Connection, end: { reason: CloseReason; detail: string | undefined }): void;
  /** A stream was refused before or while opening. */
  refused?(connection: Connection, why: string): void;
  /** Somebody was kept from something for good: a record for audits. */
  denied?(denial: Denial): void;
  /** A subscription has found its place. `behind` counts the positions between it and the log's head. */
  resumed?(connection: Connection, how: { resume: Resume; behind: number }): void;
  /** History was gone, or was skipped, for these channels. */
  reset?(
    connection: Connection,
    reset: { reason: ResetReason; channels: readonly string[]; policies: readonly Policy[] },
  ): void;
  /** The connection left the live set: its sink has no room. */
  lagged?(connection: Connection): void;
  /** A message is about to be stored. Called in the turn, and in the context, of `publish`. What is answered is told how that ends. */
  publishing?(entry: { channel: string; bytes: number }): PublishFollower | undefined;
  /** A message was stored. `bytes` is the size of its body. */
  published?(entry: { channel: string; id: string; bytes: number; duplicate: boolean }): void;
  /**
   * A flush is done. `frames` in the range, `writes` made, `events` and `bytes` written in all, `holdMs` the longest hold of the event loop,
   * `lagMs` from the publisher's time of its oldest message to now (clocks of machines differ). `traces` are the trace contexts of the
   * messages that somebody live follows, where there are any.
   */
  flushed?(flush: {
    frames: number;
    writes: number;
    events: number;
    bytes: number;
    holdMs: number;
    durationMs: number;
    lagMs: number;
    traces?: readonly TraceContext[] | undefined;
  }): void;
  /** A connection that is behind has got a part of its history. `traces` as in `flushed`. */
  replayed?(
    connection: Connection,
    part: { frames: number; bytes: number; traces?: readonly TraceContext[] | undefined },
  ): void;
  /** A connection has caught up with the log, and gets new messages as they come. */
  live?(connection: Connection): void;
  /** A snapshot was asked for. `from` says of whom; `found` is false where there is none, `failed` true where the provider failed. */
  snapshot?(asked: {
    channel: string;
    from: 'provider' | 'items' | 'saved';
    found: boolean;
    failed: boolean;
    durationMs: number;
  }): void;
  /** The store's tail left something out, or stood still, and is asked again from the own place. */
  refilled?(): void;
  /** The store's log went back below what this process had seen. */
  rolledBack?(to: { head: number }): void;
  /** Something failed that no caller could be told of. */
  error?(error: unknown, source: ErrorSource, connection?: Connection): void;
}

/** The members that are asked; the others are only told. */
type Asked = 'publishing' | 'opening';
type Answer<K extends Asked> = NonNullable<ReturnType<NonNullable<Observer[K]>>>;

/** The members that are told something. */
export type Told = Exclude<keyof Observer, Asked>;

/**
 * Many observers as one, and the channels of `node:diagnostics_channel`. Each call is guarded; errors of an observer are reported to
 * the others, those of `error` to the process.
 */
export class Observers {
  readonly #hub: Hub;
  readonly #list: Set<Observer>;

  constructor(hub: Hub, list: readonly Observer[]) {
    this.#hub = hub;
    this.#list = new Set(list);
  }

  add(observer: Observer): () => void {
    this.#list.add(observer);
    return () => void this.#list.delete(observer);
  }

  /** False where what `emit` would be given need not be made. */
  hears(member: Told): boolean {
    return this.#list.size > 0 || isDiagnosed(member);
  }

  emit<K extends Exclude<Told, 'error'>>(member: K, ...args: Parameters<NonNullable<Observer[K]>>): void {
    if (isDiagnosed(member)) diagnose(this.#hub, member, args);
    for (const observer of this.#list) {
      try {
        (observer[member] as ((...args: unknown[]) => void) | undefined)?.apply(observer, args);
      } catch (error) {
        this.error(error, 'observer');
      }
    }
  }

  /** As `emit`, for members that answer: what was answered, in order. */
  ask<K extends Asked>(member: K, ...args: Parameters<NonNullable<Observer[K]>>): Answer<K>[] {
    const answers: Answer<K>[] = [];
    for (const observer of this.#list) {
      const call = observer[member] as ((...args: unknown[]) => Answer<K> | undefined) | undefined;
      const answer = call && this.guard(() => call.apply(observer, args));
      if (answer !== undefined) answers.push(answer);
    }
    return answers;
  }

  /** What `call` answers; undefined, and the error reported, where it throws. */
  guard<T>(call: () => T): T | undefined {
    try {
      return call();
    } catch (error) {
      this.error(error, 'observer');
      return undefined;
    }
  }

  /** Reports an error. Where nobody listens for errors it becomes a process warning, never silence. */
  error(error: unknown, source: ErrorSource, connection?: Connection): void {
    // Whoever listens there looks on: that somebody cares is not said by it.
    if (isDiagnosed('error')) diagnose(this.#hub, 'error', [error, source, connection]);
    let heard = false;
    for (const observer of this.#list) {
      if (!observer.error) continue;
      try {
        observer.error(error, source, connection);
        heard = true;
      } catch {
        // An observer that fails while told of a failure has had its say.
      }
    }
    if (!heard) warn(error, source);
  }
}

function warn(error: unknown, source: ErrorSource): void {
  const text = error instanceof Error ? (error.stack ?? error.message) : String(error);
  process.emitWarning(`Headwater (${source}): ${text}`, { type: 'HeadwaterWarning' });
}
