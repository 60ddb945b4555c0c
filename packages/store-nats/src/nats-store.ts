/** natsStore: the Store contract on NATS JetStream. It puts the parts together, and closes them. */
import {
  type Appended,
  type ChannelItems,
  type LogState,
  type NewEntry,
  type Page,
  type Position,
  SseError,
  type Store,
  type StoredCursor,
  type StoredSnapshot,
  type StoreSupports,
  systemClock,
  type Tail,
  type TailListener,
} from '@headwater/core';
import { closed, failed, GroupCommit, oncePerMessage } from '@headwater/core/store-kit';
import { readPage } from './history.js';
import { Link } from './link.js';
import { WentBack } from './messages.js';
import { Names } from './names.js';
import { type NatsStoreOptions, resolveOptions } from './options.js';
import { ServerTime } from './server-time.js';
import type { Session } from './session.js';
import { Shelf } from './shelf.js';
import { Sweeper } from './sweeper.js';
import { NatsTail } from './tail.js';
import { Writer } from './writer.js';

/** A {@link Store} on NATS JetStream: one log for all processes, kept by one server or by several. */
export interface NatsStore extends Store {
  /** Applies retention and purges what is trimmed now; by itself the store does so a few times a minute. */
  sweep(): Promise<void>;
}

const SUPPORTS: StoreSupports = Object.freeze({
  durable: true,
  shared: true,
  prev: true,
  retentionPerChannel: false,
  snapshots: true,
  items: false,
  cursors: true,
});

/**
 * A store on NATS JetStream (2.9 or later) that several processes share. Each keeps an index of the log in memory and follows it
 * over one connection. Retention is that of the whole log, and keyed channels are not supported: see `supports`.
 *
 * @example
 * ```ts
 * const hub = createHub({ store: natsStore({ servers: 'nats://localhost:4222' }) });
 * ```
 * @throws TypeError, RangeError for wrong options.
 */
export function natsStore(options: NatsStoreOptions): NatsStore {
  return new StoreOnNats(options);
}

class StoreOnNats implements NatsStore {
  readonly supports: StoreSupports = SUPPORTS;
  readonly #link: Link;
  readonly #writer: Writer;
  readonly #shelf: Shelf;
  readonly #sweeper: Sweeper;
  readonly #commits: GroupCommit;
  readonly #tails = new Set<NatsTail>();
  #isClosed = false;

  constructor(options: NatsStoreOptions) {
    const config = resolveOptions(options);
    const names = new Names(config.name);
    const time = new ServerTime(config.clock);
    const warn = oncePerMessage(config.onWarning);
    this.#link = new Link({ config, names, time, warn }, (error) => {
      for (const tail of [...this.#tails]) tail.lose(error);
    });
    this.#writer = new Writer(this.#link, time, config.timeoutMs);
    this.#shelf = new Shelf(config, names, time);
    this.#sweeper = new Sweeper(
      this.#link,
      this.#writer,
      names,
      time,
      config.clock ?? systemClock,
      config.forgetAfterMs,
    );
    this.#commits = new GroupCommit((calls) => this.#writer.commit(calls));
  }

  startEpoch(epoch: string): Promise<LogState> {
    return this.#do('start an epoch', () => {
      this.#sweeper.start();
      return this.#writer.startEpoch(epoch);
    });
  }

  state(): Promise<LogState> {
    return this.#upToDate('tell the state', async ({ journal }) => journal.state);
  }

  append(entries: readonly NewEntry[], at: Position): Promise<readonly Appended[]> {
    return this.#do('append', () => {
      if (entries.some(({ item }) => item !== undefined)) throw noItems('append');
      return this.#commits.append(entries, at);
    });
  }

  read(
    after: number,
    channels: readonly string[] | undefined,
    limit: number,
    maxBytes: number = Number.POSITIVE_INFINITY,
  ): Promise<Page> {
    return this.#upToDate('read', (session) => readPage(session, after, channels, limit, maxBytes));
  }

  tail(from: Position, listener: TailListener): Promise<Tail> {
    return this.#upToDate('tail', async (session) => {
      if (session.ended) throw session.ended;
      const tail: NatsTail = new NatsTail(session, from, listener, () => this.#tails.delete(tail));
      this.#tails.add(tail);
      return tail;
    });
  }

  saveSnapshot(channel: string, snapshot: StoredSnapshot): Promise<void> {
    return this.#upToDate('save a snapshot', (session) => this.#shelf.saveSnapshot(session, channel, snapshot));
  }

  loadSnapshot(channel: string): Promise<StoredSnapshot | undefined> {
    return this.#upToDate('load a snapshot', (session) => this.#shelf.loadSnapshot(session, channel));
  }

  async loadItems(): Promise<ChannelItems | undefined> {
    throw noItems('load items');
  }

  saveCursor(key: string, cursor: StoredCursor): Promise<void> {
    return this.#upToDate('save a cursor', (session) => this.#shelf.saveCursor(session, key, cursor));
  }

  loadCursor(key: string): Promise<StoredCursor | undefined> {
    return this.#do('load a cursor', async () => this.#shelf.loadCursor(await this.#link.session(), key));
  }

  sweep(): Promise<void> {
    return this.#do('sweep', () => this.#sweeper.sweep());
  }

  async close(): Promise<void> {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#sweeper.close();
    for (const tail of [...this.#tails]) tail.stop();
    this.#link.close(closed('go on', 'NATS store'));
  }

  /** Runs it with a journal that has everything that the stream has by now, once more where the log turned out to be another one. */
  #upToDate<Result>(action: string, run: (session: Session) => Promise<Result>): Promise<Result> {
    return this.#do(action, async () => {
      for (let losses = 0; ; losses++) {
        try {
          const session = await this.#link.session();
          await session.sync();
          return await run(session);
        } catch (error) {
          if (!(error instanceof WentBack) || losses > 0) throw error;
        }
      }
    });
  }

  async #do<Result>(action: string, run: () => Promise<Result>): Promise<Result> {
    if (this.#isClosed) throw closed(action, 'NATS store');
    try {
      return await run();
    } catch (error) {
      throw this.#isClosed ? closed(action, 'NATS store') : failed(action, error);
    }
  }
}

function noItems(action: string): SseError {
  return new SseError('ERR_SSE_STORE', `Cannot ${action}: the NATS store does not support the items of keyed channels`);
}
