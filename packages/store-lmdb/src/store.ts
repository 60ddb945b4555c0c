/**
 * The LMDB store: embedded, durable, and shared by the processes of one machine.
 * Invariant: every method looks at the log in one transaction; what is answered is on the disk, and so is what a tail tells.
 */
import {
  type Appended,
  type ChannelItems,
  type Clock,
  type Entry,
  type LogState,
  type NewEntry,
  newEpoch,
  type Page,
  type Position,
  type Store,
  type StoredCursor,
  type StoredSnapshot,
  type StoreSupports,
  type Tail,
  type TailListener,
} from '@headwater/core';
import {
  type AppendCall,
  closed,
  failed,
  GroupCommit,
  type Outcome,
  oncePerChannel,
  wrongPosition,
} from '@headwater/core/store-kit';
import { Draft } from './draft.js';
import { Environment, replaced } from './environment.js';
import { checkFence, EpochCache } from './epoch-cache.js';
import { failure } from './failures.js';
import { Feed } from './feed.js';
import { LogTables } from './log-tables.js';
import { type LmdbStoreOptions, type Resolved, resolveOptions } from './options.js';
import { checkLog, readPage } from './reader.js';
import { checkEntries, checkEpoch } from './refusals.js';
import { Rounds } from './rounds.js';
import { loadCursor, loadItems, loadSnapshot, saveCursor, saveSnapshot } from './state.js';
import { findChores, sweep } from './sweep.js';

/** A {@link Store} in a folder of this machine. Several processes, and several stores of one process, may open the same log. */
export interface LmdbStore extends Store {
  /** Applies retention by age, and forgets what is old, now; by itself the store does so about once a second, in rounds. */
  sweep(): Promise<void>;

  /**
   * Copies the database as it is at one moment (the logs of every name in it) into `folder`, which is made, and must be empty.
   * Everybody goes on writing meanwhile. A copy is opened like any other folder.
   */
  backup(folder: string): Promise<void>;
}

const SUPPORTS: StoreSupports = Object.freeze({
  durable: true,
  shared: true,
  prev: true,
  retentionPerChannel: true,
  snapshots: true,
  items: true,
  cursors: true,
});

const SWEEP_EVERY_MS = 1_000;

/** Channels that one sweep by the timer looks at: more of them are swept in turns. */
const SWEEP_AT_MOST = 1_000;

/** A page of a tail that is behind: large enough to be quick, small enough to leave the event loop free. */
const TAIL_ENTRIES = 1_000;
const TAIL_BYTES = 2 ** 20;

/**
 * A store in a folder on a local disk. Nothing is opened until the first call: what is wrong with the folder or its files
 * (truncated, damaged, read-only, written by a newer version) rejects that call, and each one until it is put right, with an
 * `SseError` `ERR_SSE_STORE` that says what to do. A hub retries by itself, and is not ready until then.
 *
 * @example
 * ```ts
 * const hub = createHub({ store: lmdbStore({ path: '/var/lib/my-app/events' }) });
 * ```
 * @throws TypeError, RangeError for wrong options.
 */
export function lmdbStore(options: LmdbStoreOptions): LmdbStore {
  return new FileStore(resolveOptions(options));
}

class FileStore implements LmdbStore {
  readonly supports: StoreSupports = SUPPORTS;
  readonly #options: Resolved;
  readonly #clock: Clock;
  readonly #epochs: EpochCache = new EpochCache();
  readonly #commits: GroupCommit;
  readonly #feed: Feed;
  readonly #rounds: Rounds;
  #environment: Promise<Environment> | undefined;
  /** What the log was last checked in. */
  #checked: LogTables | undefined;
  #generation = 0;
  /** The generation of the environment in which this store has begun its last epoch. */
  #begunIn: number | undefined;
  /** Where the round of the sweep goes on. */
  #sweptTo: string | undefined;
  #isClosed = false;
  #underWay = 0;
  #closing: Promise<void> | undefined;
  #onIdle: (() => void) | undefined;

  constructor(options: Resolved) {
    this.#options = { ...options, boundsOf: oncePerChannel(options.boundsOf) };
    this.#clock = options.clock;
    this.#commits = new GroupCommit((calls) => this.#commit(calls));
    this.#feed = new Feed(options.clock);
    this.#rounds = new Rounds(options.clock, SWEEP_EVERY_MS, () => this.#sweepRound(SWEEP_AT_MOST));
  }

  startEpoch(epoch: string): Promise<LogState> {
    return this.#guard('start an epoch', async () => {
      checkEpoch(epoch);
      let generation = 0;
      const state = await this.#inTransaction((draft, environment) => {
        ({ generation } = environment);
        return draft.startEpoch(epoch);
      });
      this.#begunIn = generation;
      return state;
    });
  }

  state(): Promise<LogState> {
    return this.#read('tell the state', (log) => {
      const head = log.head();
      return { head: head.seq, epochs: head.epochsStamp === 0 ? [] : log.epochs(head).toArray() };
    });
  }

  append(entries: readonly NewEntry[], at: Position): Promise<readonly Appended[]> {
    return this.#guard('append', () => {
      checkEntries(entries);
      return this.#commits.append(entries, at);
    });
  }

  read(after: number, channels: readonly string[] | undefined, limit: number, maxBytes?: number): Promise<Page> {
    return this.#read('read', (log) => readPage(log, after, channels, limit, maxBytes));
  }

  tail(from: Position, listener: TailListener): Promise<Tail> {
    return this.#guard('tail', async () => {
      const { log, environment } = await this.#open();
      // Whoever closes the store has ended the tails that there were.
      if (this.#isClosed) throw closed('tail', 'LMDB store');
      const head = log.head();
      checkFence(log.epochs(head), 'tail', from, head.seq);
      if (head.trimmed > from.seq) {
        throw wrongPosition('tail', from, `is below seq ${head.trimmed}, up to which entries were trimmed`);
      }
      const tail = this.#feed.add(listener, from.seq, (seq) => this.#next(environment, seq), environment.hint);
      tail.pull();
      return tail;
    });
  }

  saveSnapshot(channel: string, snapshot: StoredSnapshot): Promise<void> {
    return this.#write('save a snapshot', (draft) => saveSnapshot(draft, channel, snapshot, this.#options));
  }

  loadSnapshot(channel: string): Promise<StoredSnapshot | undefined> {
    return this.#read('load a snapshot', (log) => loadSnapshot(log, channel, this.#clock.now(), this.#options));
  }

  loadItems(channel: string): Promise<ChannelItems | undefined> {
    return this.#read('load items', (log) => loadItems(log, channel));
  }

  saveCursor(key: string, cursor: StoredCursor): Promise<void> {
    return this.#write('save a cursor', (draft) => saveCursor(draft, key, cursor, this.#options));
  }

  loadCursor(key: string): Promise<StoredCursor | undefined> {
    return this.#read('load a cursor', (log) => loadCursor(log, key, this.#clock.now(), this.#options));
  }

  async sweep(): Promise<void> {
    let isDone = false;
    while (!isDone) {
      this.#sweptTo = undefined;
      isDone = !(await this.#sweepRound(Number.POSITIVE_INFINITY));
    }
  }

  backup(folder: string): Promise<void> {
    return this.#guard('back up', async () => (await this.#open()).environment.backup(folder));
  }

  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  async #close(): Promise<void> {
    this.#isClosed = true;
    this.#rounds.stop();
    this.#feed.stop();
    if (this.#underWay > 0) {
      await new Promise<void>((resolve) => {
        this.#onIdle = resolve;
      });
    }
    const environment = await this.#environment?.catch(() => undefined);
    await environment?.release();
  }

  async #commit(calls: readonly AppendCall[]): Promise<readonly Outcome[]> {
    const written: Entry[] = [];
    let generation = 0;
    const outcomes = await this.#inTransaction((draft, environment) => {
      ({ generation } = environment);
      // The file may be an older copy. Who has seen no more than that has would give ids a second time without an epoch.
      const isAnother = this.#begunIn !== undefined && this.#begunIn !== generation;
      return draft.append(calls, written, isAnother ? newEpoch() : undefined);
    });
    if (written.length > 0) {
      if (this.#begunIn !== undefined) this.#begunIn = generation;
      const environment = await this.#environment;
      if (environment) this.#feed.tell(written, environment.hint);
    }
    return outcomes;
  }

  #write<T>(action: string, run: (draft: Draft) => T): Promise<T> {
    return this.#guard(action, () => this.#inTransaction(run));
  }

  /** Runs `run` in a write transaction, and resolves once it is on the disk. */
  async #inTransaction<T>(run: (draft: Draft, environment: Environment) => T): Promise<T> {
    const { environment, log } = await this.#open();
    return environment.write(log.tables, () => {
      const draft = new Draft(log, this.#options, this.#clock.now());
      const value = run(draft, environment);
      draft.flush();
      return value;
    });
  }

  #read<T>(action: string, run: (log: LogTables) => T): Promise<T> {
    return this.#guard(action, async () => run((await this.#open()).log));
  }

  /** Every method goes through here: closed stores refuse, `close` waits, and what comes from below gets our words. */
  async #guard<T>(action: string, run: () => Promise<T>): Promise<T> {
    if (this.#isClosed) throw closed(action, 'LMDB store');
    this.#underWay++;
    try {
      return await run();
    } catch (error) {
      throw failure(action, this.#options.path, error);
    } finally {
      if (--this.#underWay === 0) this.#onIdle?.();
    }
  }

  /** The log as it is now. Opens what is not open, and anew what was replaced. */
  async #open(): Promise<{ environment: Environment; log: LogTables }> {
    this.#environment ??= Environment.acquire(this.#options.path, this.#options.mapSize);
    const environment = await this.#environment.catch((error: unknown) => {
      this.#environment = undefined;
      throw error;
    });
    const tables = await environment.tables(this.#options.name);
    tables.refresh();
    if (this.#checked?.tables !== tables) {
      const log = new LogTables(tables, this.#epochs);
      checkLog(log);
      this.#checked = log;
      if (environment.generation !== this.#generation) this.#feed.lose(replaced(environment.path));
      this.#generation = environment.generation;
    }
    this.#rounds.start();
    return { environment, log: this.#checked };
  }

  /** What a tail reads next. Nothing while the database has to be opened anew after a failure: readers outlast a full disk. */
  #next(environment: Environment, seq: number): readonly Entry[] {
    if (environment.isReplaced) throw replaced(environment.path);
    const log = this.#checked;
    if (!log || !environment.has(log.tables)) {
      this.#open().catch(() => {});
      return [];
    }
    log.tables.refresh();
    const head = log.head();
    if (head.seq === seq) return [];
    if (head.seq < seq) throw failed('tail', `the log went back from ${seq} to ${head.seq}`);
    const { entries } = readPage(log, seq, undefined, TAIL_ENTRIES, TAIL_BYTES);
    if (head.trimmed > seq && entries[0]?.seq !== seq + 1) {
      throw wrongPosition('tail', { epoch: '', seq }, `is below seq ${head.trimmed}, up to which entries were trimmed`);
    }
    return entries;
  }

  /** False where there was nothing to do. */
  async #sweepRound(most: number): Promise<boolean> {
    const from = this.#sweptTo;
    const chores = await this.#read('sweep', (log) => findChores(log, this.#options, this.#clock.now(), from, most));
    this.#sweptTo = chores.next;
    if (chores.isNeeded) await this.#write('sweep', (draft) => sweep(draft, chores, this.#options));
    return chores.isNeeded;
  }
}
