/**
 * Snapshots: the state of a channel for clients whose history is gone: from a provider, from a keyed channel's items, or saved.
 *
 * A provider's call belongs to the place that was current before it began, and is shared by all who wait: who joins the call
 * takes the call's place.
 */
import type { Clock } from './clock.js';
import { SseError } from './errors.js';
import { itemsToJson } from './keyed.js';
import type { Log } from './log.js';
import type { Observers } from './observer.js';
import type { Position, Store } from './store.js';

/**
 * Gives the present state of `channel`, JSON-serializable; undefined where the channel has none. It must include everything
 * that was published before the call. Called once for all who wait, at most once per 100 ms and channel.
 */
export type SnapshotProvider = (channel: string) => unknown;

/** A state, as JSON, that includes everything up to and including `seq`. */
export interface Snapshot {
  readonly seq: number;
  readonly json: string;
}

/** A provider's answer is good for this long. */
const SHARE_MS = 100;

interface Call {
  readonly begun: number;
  readonly seq: number;
  readonly result: Promise<Snapshot | undefined>;
}

/** What the store has kept, and where. */
interface Stored {
  readonly at: Position;
  readonly json: string;
}

export class Snapshots {
  readonly #log: Log;
  readonly #store: Store;
  readonly #clock: Clock;
  readonly #observers: Observers;
  readonly #timeoutMs: number;
  readonly #default: SnapshotProvider | undefined;
  readonly #providers = new Map<string, SnapshotProvider>();
  readonly #keyed = new Set<string>();
  readonly #calls = new Map<string, Call>();
  readonly #loads = new Map<string, Promise<Stored | undefined>>();

  constructor(parts: {
    log: Log;
    store: Store;
    clock: Clock;
    observers: Observers;
    timeoutMs: number;
    provider: SnapshotProvider | undefined;
  }) {
    this.#log = parts.log;
    this.#store = parts.store;
    this.#clock = parts.clock;
    this.#observers = parts.observers;
    this.#timeoutMs = parts.timeoutMs;
    this.#default = parts.provider;
  }

  /** Gives one channel a provider of its own. */
  provide(channel: string, provider: SnapshotProvider): void {
    this.#providers.set(channel, provider);
  }

  /** From now on what is published to `channel` are operations on items. */
  key(channel: string): void {
    this.#keyed.add(channel);
  }

  isKeyed(channel: string): boolean {
    return this.#keyed.has(channel);
  }

  /**
   * The provider's snapshot, else a keyed channel's items, else a saved one that is still part of the log, else undefined. Rejects where the provider fails.
   * A state from below `floor` is of no use: what follows it is trimmed.
   */
  async of(channel: string, floor = 0): Promise<Snapshot | undefined> {
    return (await this.#provided(channel, floor)) ?? (await this.#stored(channel, floor));
  }

  /** Forgets every call that others could join: its place may be lost. */
  clear(): void {
    this.#calls.clear();
    this.#loads.clear();
  }

  async #provided(channel: string, floor: number): Promise<Snapshot | undefined> {
    const provider = this.#providers.get(channel) ?? this.#default;
    if (!provider) return undefined;
    // A floor can be ahead of this process's tail.
    if (floor > this.#log.head) await this.#log.reached(floor);
    const shared = this.#calls.get(channel);
    if (shared && shared.seq >= floor && this.#clock.elapsed() - shared.begun < SHARE_MS) return shared.result;
    // Fixed before the call: what is published while the provider works follows the snapshot, twice at worst, never not at all.
    const seq = this.#log.head;
    const result = this.#watched(channel, 'provider', this.#call(provider, channel, seq));
    const call = { begun: this.#clock.elapsed(), seq, result };
    this.#calls.set(channel, call);
    const forget = () => {
      if (this.#calls.get(channel) === call) this.#calls.delete(channel);
    };
    // An answer is kept for a moment, a failure only while it is under way.
    call.result.then(() => this.#clock.setTimer(forget, SHARE_MS), forget);
    return call.result;
  }

  async #call(provider: SnapshotProvider, channel: string, seq: number): Promise<Snapshot | undefined> {
    const data = await withTimeout(this.#clock, this.#timeoutMs, `Snapshot provider of "${channel}"`, () =>
      provider(channel),
    );
    return data === undefined ? undefined : { seq, json: toJson(data, channel) };
  }

  async #stored(channel: string, floor: number): Promise<Snapshot | undefined> {
    const stored = await this.#load(channel);
    // Kept by a process that is ahead: this one follows first. No longer part of the log: of no use.
    if (!stored || stored.at.seq < floor || (await this.#log.locate(stored.at))) return undefined;
    return { seq: stored.at.seq, json: stored.json };
  }

  /** One read for all who ask while it is under way. */
  #load(channel: string): Promise<Stored | undefined> {
    const shared = this.#loads.get(channel);
    if (shared) return shared;
    const load = this.#keyed.has(channel)
      ? this.#watched(channel, 'items', this.#loadItems(channel))
      : this.#watched(channel, 'saved', this.#loadSaved(channel));
    this.#loads.set(channel, load);
    const forget = () => {
      if (this.#loads.get(channel) === load) this.#loads.delete(channel);
    };
    load.then(forget, forget);
    return load;
  }

  /** Tells the observers what became of a call. */
  #watched<T>(channel: string, from: 'provider' | 'items' | 'saved', call: Promise<T | undefined>): typeof call {
    if (!this.#observers.hears('snapshot')) return call;
    const begun = this.#clock.elapsed();
    const tell = (found: boolean, failed: boolean) => {
      const durationMs = this.#clock.elapsed() - begun;
      this.#observers.emit('snapshot', { channel, from, found, failed, durationMs });
    };
    call.then(
      (value) => tell(value !== undefined, false),
      () => tell(false, true),
    );
    return call;
  }

  async #loadItems(channel: string): Promise<Stored | undefined> {
    const kept = await this.#store.loadItems(channel);
    return kept && { at: kept.at, json: itemsToJson(kept.items) };
  }

  async #loadSaved(channel: string): Promise<Stored | undefined> {
    if (!this.#store.supports.snapshots) return undefined;
    const saved = await this.#store.loadSnapshot(channel);
    return saved && { at: saved.at, json: saved.data };
  }
}

/** The cause of an `ERR_SSE_CALLBACK` that took too long, under the name that the platform gives its own. */
class TimeoutError extends Error {
  override readonly name = 'TimeoutError';
}

/** Runs a user's callback; rejects with `ERR_SSE_CALLBACK` where it fails or takes longer than `ms`. */
export async function withTimeout<T>(clock: Clock, ms: number, what: string, run: () => T | Promise<T>): Promise<T> {
  let timer: unknown;
  const late = new Promise<never>((_, reject) => {
    timer = clock.setTimer(() => {
      const message = `${what} did not answer within ${ms} ms`;
      reject(new SseError('ERR_SSE_CALLBACK', message, { cause: new TimeoutError(message) }));
    }, ms);
  });
  try {
    return await Promise.race([Promise.resolve().then(run), late]);
  } catch (cause) {
    if (cause instanceof SseError) throw cause;
    throw new SseError('ERR_SSE_CALLBACK', `${what} failed: ${(cause as Error)?.message ?? cause}`, { cause });
  } finally {
    clock.clearTimer(timer);
  }
}

/** @throws SseError `ERR_SSE_SERIALIZE` */
export function toJson(data: unknown, channel: string): string {
  let json: string | undefined;
  try {
    json = JSON.stringify(data);
  } catch (cause) {
    throw new SseError(
      'ERR_SSE_SERIALIZE',
      `Cannot serialize the snapshot of "${channel}": ${(cause as Error).message}`,
      { cause },
    );
  }
  if (json === undefined)
    throw new SseError('ERR_SSE_SERIALIZE', `Cannot serialize the snapshot of "${channel}": not JSON`);
  return json;
}
