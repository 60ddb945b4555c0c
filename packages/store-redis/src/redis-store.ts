/** redisStore: the Store contract on Redis 7. It puts the parts together, and closes them. */
import {
  type Appended,
  type ChannelItems,
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
import { closed, failed, GroupCommit, oncePerChannel, oncePerMessage } from '@headwater/core/store-kit';
import { checkServer } from './check.js';
import { type Connector, connectorOf } from './client.js';
import { History } from './history.js';
import { Keys } from './keys.js';
import { Link } from './link.js';
import { formatBounds, Log } from './log.js';
import { type RedisConfig, type RedisStoreOptions, resolveOptions } from './options.js';
import type { Send } from './script.js';
import { Server } from './server.js';
import { Shelf } from './shelf.js';
import { Sweeper } from './sweeper.js';
import { RedisTail } from './tail.js';

/** A {@link Store} on Redis: one log for all processes, durable as far as the server's persistence goes. */
export interface RedisStore extends Store {
  /** Applies retention by age, and forgets what is old, now; by itself the store does so about once a second. */
  sweep(): Promise<void>;
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

/** A tail's connection has just fallen silent: the store's own has this long to prove that the server is there. */
const PROBE_MS = 250;

/**
 * A store on a Redis server (7 or later) that several processes share. It makes two connections: one for its calls, made with the
 * first one, and one for each tail.
 *
 * @example
 * ```ts
 * const hub = createHub({ store: redisStore({ url: 'redis://localhost:6379' }) });
 * ```
 * @throws TypeError, RangeError for wrong options.
 */
export function redisStore(options: RedisStoreOptions): RedisStore {
  return new StoreOnRedis(resolveOptions(options));
}

class StoreOnRedis implements RedisStore {
  readonly supports: StoreSupports = SUPPORTS;
  readonly #config: RedisConfig;
  readonly #connect: Connector;
  readonly #link: Link;
  readonly #server: Server;
  readonly #log: Log;
  readonly #history: History;
  readonly #shelf: Shelf;
  readonly #sweeper: Sweeper;
  readonly #commits: GroupCommit;
  readonly #tails = new Set<RedisTail>();
  /** As a channel's record has them. */
  readonly #boundsOf: (channel: string) => string;
  /** An epoch was begun here. */
  #hasBegun = false;
  #isClosed = false;

  constructor(config: RedisConfig) {
    this.#config = config;
    this.#connect = connectorOf(config);
    this.#boundsOf = oncePerChannel((channel) => formatBounds(config.boundsOf(channel)));
    const warn = oncePerMessage(config.onWarning);
    this.#link = new Link(this.#connect, config.timeoutMs, async (session) => {
      const send: Send = (args) => session.send(args, config.timeoutMs);
      await checkServer(send, warn);
      // It may lead to an older copy of the log. Who has seen no more than that has would give ids a second time without an epoch.
      if (this.#hasBegun) await this.#logOver(this.#server.over(send)).startEpoch(newEpoch());
    });
    this.#server = new Server((args) => this.#link.send(args), new Keys(config.name), config.clock);
    this.#log = this.#logOver(this.#server);
    this.#history = new History(this.#server, this.#log);
    this.#shelf = new Shelf(this.#server, this.#boundsOf, config.snapshotTtlMs, config.cursorTtlMs);
    this.#sweeper = new Sweeper(this.#server, config.clock, config.forgetAfterMs, config.snapshotTtlMs);
    this.#commits = new GroupCommit((calls) => this.#log.commit(calls));
  }

  startEpoch(epoch: string): Promise<LogState> {
    return this.#do('start an epoch', async () => {
      this.#sweeper.start();
      const state = await this.#log.startEpoch(epoch);
      this.#hasBegun = true;
      return state;
    });
  }

  state(): Promise<LogState> {
    return this.#do('tell the state', () => this.#log.state());
  }

  append(entries: readonly NewEntry[], at: Position): Promise<readonly Appended[]> {
    return this.#do('append', () => {
      // What may throw has to, before other calls are in the same boat.
      for (const { channel } of entries) this.#boundsOf(channel);
      return this.#commits.append(entries, at);
    });
  }

  read(
    after: number,
    channels: readonly string[] | undefined,
    limit: number,
    maxBytes: number = Number.POSITIVE_INFINITY,
  ): Promise<Page> {
    return this.#do('read', () => this.#history.read(after, channels, limit, maxBytes));
  }

  tail(from: Position, listener: TailListener): Promise<Tail> {
    return this.#do('tail', async () => {
      const tail: RedisTail = new RedisTail(
        {
          connect: this.#connect,
          timeoutMs: this.#config.timeoutMs,
          server: this.#server,
          logOver: this.#logOver,
          listener,
          onEnd: (error) => {
            this.#tails.delete(tail);
            if (error) this.#link.probe(PROBE_MS);
          },
        },
        from,
      );
      this.#tails.add(tail);
      await tail.start();
      return tail;
    });
  }

  saveSnapshot(channel: string, snapshot: StoredSnapshot): Promise<void> {
    return this.#do('save a snapshot', () => this.#shelf.saveSnapshot(channel, snapshot));
  }

  loadSnapshot(channel: string): Promise<StoredSnapshot | undefined> {
    return this.#do('load a snapshot', () => this.#shelf.loadSnapshot(channel));
  }

  loadItems(channel: string): Promise<ChannelItems | undefined> {
    return this.#do('load items', () => this.#shelf.loadItems(channel));
  }

  saveCursor(key: string, cursor: StoredCursor): Promise<void> {
    return this.#do('save a cursor', () => this.#shelf.saveCursor(key, cursor));
  }

  loadCursor(key: string): Promise<StoredCursor | undefined> {
    return this.#do('load a cursor', () => this.#shelf.loadCursor(key));
  }

  sweep(): Promise<void> {
    return this.#do('sweep', () => this.#sweeper.sweep());
  }

  async close(): Promise<void> {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#sweeper.close();
    for (const tail of this.#tails) tail.stop();
    this.#link.close(closed('go on', 'Redis store'));
  }

  async #do<Result>(action: string, run: () => Promise<Result>): Promise<Result> {
    if (this.#isClosed) throw closed(action, 'Redis store');
    try {
      return await run();
    } catch (error) {
      throw this.#isClosed ? closed(action, 'Redis store') : failed(action, error);
    }
  }

  readonly #logOver = (server: Server): Log =>
    new Log(server, this.#boundsOf, this.#config.feedLength, this.#config.keyTtlMs);
}
