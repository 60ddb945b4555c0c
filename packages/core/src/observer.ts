/** The Observer contract: what metrics, tracing and logging implement. The hub calls every member under a guard: one that throws breaks nothing. */
import type { Connection } from './connection.js';
import type { Policy, ResetReason } from './reset.js';

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
  | 'subscribe'
  | 'send'
  | 'source'
  | 'store'
  | 'snapshot'
  | 'replay'
  | 'filter'
  | 'observer'
  | 'transport';

/** Implementers MUST return quickly (the calls are part of the flush) and MUST NOT close or write to connections synchronously. */
export interface Observer {
  /** A stream's headers have left. */
  opened?(connection: Connection): void;
  /** A stream ended. Called once per `opened`. `durationMs` counts from `opened`. */
  closed?(connection: Connection, end: { reason: CloseReason; detail: string | undefined; durationMs: number }): void;
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
  /** A message was stored. `bytes` is the size of its body. */
  published?(entry: { channel: string; id: string; bytes: number; duplicate: boolean }): void;
  /**
   * A flush is done. `frames` in the range, `writes` made, `events` and `bytes` written in all, `holdMs` the longest hold of the event loop,
   * `lagMs` from the publisher's time of its oldest message to now (clocks of machines differ).
   */
  flushed?(flush: {
    frames: number;
    writes: number;
    events: number;
    bytes: number;
    holdMs: number;
    durationMs: number;
    lagMs: number;
  }): void;
  /** A connection that is behind has got a part of its history. */
  replayed?(connection: Connection, part: { frames: number; bytes: number }): void;
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

/** Many observers as one. Each call is guarded; errors of an observer are reported to the others, those of `error` to the process. */
export class Observers {
  readonly #list: Set<Observer>;

  constructor(list: readonly Observer[]) {
    this.#list = new Set(list);
  }

  add(observer: Observer): () => void {
    this.#list.add(observer);
    return () => void this.#list.delete(observer);
  }

  get isEmpty(): boolean {
    return this.#list.size === 0;
  }

  emit<K extends Exclude<keyof Observer, 'error'>>(member: K, ...args: Parameters<NonNullable<Observer[K]>>): void {
    for (const observer of this.#list) {
      try {
        (observer[member] as ((...args: unknown[]) => void) | undefined)?.apply(observer, args);
      } catch (error) {
        this.error(error, 'observer');
      }
    }
  }

  /** Reports an error. Where nobody listens for errors it becomes a process warning, never silence. */
  error(error: unknown, source: ErrorSource, connection?: Connection): void {
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
