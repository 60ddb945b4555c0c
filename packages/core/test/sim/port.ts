/**
 * Port: one process's connection to the shared log, as a Store. A call travels there, is done in one piece, and its answer travels
 * back; calls overtake each other as chance has it. The tail keeps its order and lags.
 */
import { SseError } from '../../src/errors.js';
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
  Tail,
  TailListener,
} from '../../src/store.js';
import { PortTail } from './port-tail.js';
import type { SharedLog } from './shared-log.js';

export class Port implements Store {
  readonly supports = {
    durable: true,
    shared: true,
    prev: true,
    retentionPerChannel: true,
    snapshots: true,
    items: true,
    cursors: true,
  };
  readonly name: string;
  readonly #shared: SharedLog;
  /** How likely the tail is passed over when it has something to deliver. */
  readonly #lag: number;
  #tail: PortTail | undefined;
  /** The incarnation of the log that the last `startEpoch` came to. */
  #session = -1;
  /** The head that the last `startEpoch` has found, until a tail is asked for. */
  #found = Number.POSITIVE_INFINITY;
  #isDead = false;

  constructor(shared: SharedLog, name: string, lag: number) {
    this.#shared = shared;
    this.name = name;
    this.#lag = lag;
    shared.ports.add(this);
  }

  /** Where the process stands at least, or will in a moment, if its own place is `seq`: it may be about to learn that this is lost. */
  leastPlace(seq: number): number {
    return Math.min(seq, this.#found);
  }

  startEpoch(epoch: string): Promise<LogState> {
    return this.#call('startEpoch', () => {
      this.#session = this.#shared.incarnation;
      const state = this.#shared.startEpoch(epoch);
      this.#found = state.head;
      return state;
    });
  }

  state(): Promise<LogState> {
    return this.#call('state', () => this.#shared.log.state());
  }

  append(entries: readonly NewEntry[], at: Position): Promise<readonly Appended[]> {
    const { faults, random } = this.#shared;
    return this.#call('append', () => {
      this.#assertSession();
      const appended = this.#shared.append(entries, at);
      if (random.chance(faults.forgetAnswer)) throw gone('the answer was lost');
      return appended;
    });
  }

  read(after: number, channels: readonly string[] | undefined, limit: number, maxBytes?: number): Promise<Page> {
    const { log, bugs } = this.#shared;
    const { floors, forgotten } = log.read(after, channels, 0);
    return this.#call('read', () => {
      const page = log.read(after, channels, limit, maxBytes);
      return bugs.floorsApart ? { ...page, floors, forgotten } : page;
    });
  }

  tail(from: Position, listener: TailListener): Promise<Tail> {
    this.#found = Number.POSITIVE_INFINITY;
    return this.#call('tail', () => {
      this.#assertSession();
      const backlog = this.#shared.log.since(from);
      this.#tail?.stop();
      this.#tail = new PortTail(this.#shared, this.name, this.#lag, listener, from.seq);
      this.#tail.feed(backlog);
      return this.#tail;
    });
  }

  saveSnapshot(channel: string, snapshot: StoredSnapshot): Promise<void> {
    return this.#call('saveSnapshot', () => this.#shared.log.saveSnapshot(channel, snapshot, this.#shared.now));
  }

  loadSnapshot(channel: string): Promise<StoredSnapshot | undefined> {
    return this.#call('loadSnapshot', () => this.#shared.log.loadSnapshot(channel, this.#shared.now));
  }

  loadItems(channel: string): Promise<ChannelItems | undefined> {
    return this.#call('loadItems', () => this.#shared.log.loadItems(channel));
  }

  saveCursor(key: string, cursor: StoredCursor): Promise<void> {
    return this.#call('saveCursor', () => this.#shared.log.saveCursor(key, cursor, this.#shared.now));
  }

  loadCursor(key: string): Promise<StoredCursor | undefined> {
    return this.#call('loadCursor', () => this.#shared.log.loadCursor(key, this.#shared.now));
  }

  async close(): Promise<void> {}

  // ---- what befalls it

  /** New entries of the log. */
  feed(entries: readonly Entry[]): void {
    this.#tail?.feed(entries);
  }

  /** The log lost something, and the connection broke with it. */
  break(isHidden: boolean): void {
    // What was on its way to the old log does not arrive at the new one; behind a proxy only an append could do harm there.
    const isFragile = (what: string) => what === `${this.name} append` || (!isHidden && what === `${this.name} tail`);
    const fragile = this.#shared.scheduler.take(({ what }) => isFragile(what));
    for (const call of fragile as Call[]) call.abort();
    if (isHidden) this.#session = this.#shared.incarnation;
    if (isHidden) this.#tail?.stall();
    else this.#tail?.lose();
  }

  loseTail(): void {
    this.#tail?.lose();
  }

  skipEntry(): void {
    this.#tail?.skip();
  }

  stall(): void {
    this.#tail?.stall();
  }

  /** The process is gone: what it has asked for may still be done, and nobody hears of it. */
  die(): void {
    this.#isDead = true;
    this.#tail?.stop();
    this.#shared.ports.delete(this);
  }

  /** A process starts an epoch after each connect, before its first append there. */
  #assertSession(): void {
    if (this.#session !== this.#shared.incarnation) throw gone('the connection was broken');
  }

  #call<T>(name: string, work: () => T): Promise<T> {
    const { scheduler, faults, random } = this.#shared;
    const what = `${this.name} ${name}`;
    return new Promise((resolve, reject) => {
      const answer = (deliver: () => void) => {
        if (this.#isDead) return;
        if (random.chance(0.4)) deliver();
        else scheduler.add({ what: `${what} answers`, run: () => this.#isDead || deliver() });
      };
      const run = () => {
        try {
          if (random.chance(faults.refuse)) throw gone('the call failed');
          const result = work();
          answer(() => resolve(result));
        } catch (error) {
          answer(() => reject(error));
        }
      };
      const call: Call = { what, run, abort: () => answer(() => reject(gone('the connection broke under the call'))) };
      scheduler.add(call);
    });
  }
}

interface Call {
  readonly what: string;
  run(): void;
  abort(): void;
}

function gone(why: string): SseError {
  return new SseError('ERR_SSE_STORE', `Simulated: ${why}`);
}
