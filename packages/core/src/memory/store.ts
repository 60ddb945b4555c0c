/**
 * The memory store: the reference of the Store contract, and the default of every hub.
 * Invariant: tails are told of an append within it, in the order of the log, also where a listener appends.
 */
import { type Clock, systemClock, type Timer } from '../clock.js';
import type {
  Appended,
  ChannelItems,
  Entry,
  LogState,
  NewEntry,
  Page,
  Position,
  Store,
  StoredCursor,
  StoredSnapshot,
  StoreSupports,
  Tail,
  TailListener,
} from '../store.js';
import { closed } from '../store-kit/errors.js';
import { MemoryLog } from './log.js';
import type { MemoryStoreOptions } from './options.js';
import { MemoryTail } from './tail.js';

/** A {@link Store} in this process' memory: fast, complete, and gone with the process. */
export interface MemoryStore extends Store {
  /** Applies retention by age, and forgets what is old, now; by itself the store does so about once a second. */
  sweep(): void;
}

const SUPPORTS: StoreSupports = Object.freeze({
  durable: false,
  shared: false,
  prev: true,
  retentionPerChannel: true,
  snapshots: true,
  items: true,
  cursors: true,
});

const SWEEP_EVERY_MS = 1_000;

/** Channels that one sweep by the timer looks at, less than a millisecond's work: more of them are swept in turns. */
const SWEEP_AT_MOST = 10_000;

/**
 * A store in memory. Several hubs of one process may share it.
 *
 * @example
 * ```ts
 * const store = memoryStore({ retention: { count: 1_000, ageMs: 600_000 } });
 * ```
 * @throws TypeError, RangeError for wrong options.
 */
export function memoryStore(options: MemoryStoreOptions & { readonly clock?: Clock | undefined } = {}): MemoryStore {
  return new LogStore(new MemoryLog(options), options.clock ?? systemClock);
}

/** The Store contract over a {@link MemoryLog}. Simulations hold the log too, and do to it what befalls real ones. */
export class LogStore implements MemoryStore {
  readonly supports: StoreSupports = SUPPORTS;
  readonly #log: MemoryLog;
  readonly #clock: Clock;
  /** Copied on every change, so that a listener may tail and stop while it is told. */
  #tails: readonly MemoryTail[] = [];
  /** Appended and not yet told, while a listener that is being told appends. */
  #untold: (readonly Entry[])[] = [];
  #isTelling = false;
  #timer: Timer | undefined;
  #isClosed = false;

  constructor(log: MemoryLog, clock: Clock) {
    this.#log = log;
    this.#clock = clock;
  }

  async startEpoch(epoch: string): Promise<LogState> {
    this.#assertOpen('start an epoch');
    return this.#log.startEpoch(epoch);
  }

  async state(): Promise<LogState> {
    this.#assertOpen('tell the state');
    return this.#log.state();
  }

  async append(entries: readonly NewEntry[], at: Position): Promise<readonly Appended[]> {
    this.#assertOpen('append');
    const written = this.#log.append(entries, at, this.#clock.now());
    this.#keepSweeping();
    if (written.entries.length > 0) this.#tell(written.entries);
    return written.appended;
  }

  async read(after: number, channels: readonly string[] | undefined, limit: number, maxBytes?: number): Promise<Page> {
    this.#assertOpen('read');
    return this.#log.read(after, channels, limit, maxBytes);
  }

  async tail(from: Position, listener: TailListener): Promise<Tail> {
    this.#assertOpen('tail');
    const tail = new MemoryTail(listener, this.#log.since(from), this.#log.state().head, () => this.#remove(tail));
    this.#tails = [...this.#tails, tail];
    // A turn of its own for the backlog: nothing of the caller's is running when its listener is called.
    await undefined;
    tail.start();
    return tail;
  }

  async saveSnapshot(channel: string, snapshot: StoredSnapshot): Promise<void> {
    this.#assertOpen('save a snapshot');
    this.#log.saveSnapshot(channel, snapshot, this.#clock.now());
    this.#keepSweeping();
  }

  async loadSnapshot(channel: string): Promise<StoredSnapshot | undefined> {
    this.#assertOpen('load a snapshot');
    return this.#log.loadSnapshot(channel, this.#clock.now());
  }

  async loadItems(channel: string): Promise<ChannelItems | undefined> {
    this.#assertOpen('load items');
    return this.#log.loadItems(channel);
  }

  async saveCursor(key: string, cursor: StoredCursor): Promise<void> {
    this.#assertOpen('save a cursor');
    this.#log.saveCursor(key, cursor, this.#clock.now());
    this.#keepSweeping();
  }

  async loadCursor(key: string): Promise<StoredCursor | undefined> {
    this.#assertOpen('load a cursor');
    return this.#log.loadCursor(key, this.#clock.now());
  }

  sweep(): void {
    this.#log.sweep(this.#clock.now());
  }

  async close(): Promise<void> {
    if (this.#isClosed) return;
    this.#isClosed = true;
    if (this.#timer !== undefined) this.#clock.clearTimer(this.#timer);
    for (const tail of this.#tails) tail.stop();
  }

  /** Ends every tail with `error`, as a fault of the log does. */
  loseTails(error: unknown): void {
    for (const tail of this.#tails) tail.lose(error);
  }

  #tell(entries: readonly Entry[]): void {
    this.#untold.push(entries);
    if (this.#isTelling) return;
    this.#isTelling = true;
    for (let next = this.#untold.shift(); next; next = this.#untold.shift()) {
      for (const tail of this.#tails) tail.tell(next);
    }
    this.#isTelling = false;
  }

  #remove(tail: MemoryTail): void {
    this.#tails = this.#tails.filter((other) => other !== tail);
  }

  /** Armed only while there is something to sweep, so that a store that was let go of is not kept by its timer. */
  #keepSweeping(): void {
    if (this.#timer !== undefined || this.#isClosed || this.#log.isIdle) return;
    this.#timer = this.#clock.setTimer(() => {
      this.#timer = undefined;
      this.#log.sweep(this.#clock.now(), SWEEP_AT_MOST);
      this.#keepSweeping();
    }, SWEEP_EVERY_MS);
  }

  #assertOpen(action: string): void {
    if (this.#isClosed) throw closed(action, 'memory store');
  }
}
