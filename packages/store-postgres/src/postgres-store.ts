/** postgresStore: the Store contract on PostgreSQL. It puts the parts together, and closes them. */
import type {
  Appended,
  ChannelItems,
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
} from '@headwater/core';
import { closed, failed, GroupCommit, oncePerMessage } from '@headwater/core/store-kit';
import { ChannelBounds } from './bounds.js';
import { checkServer } from './check.js';
import { connectorOf, poolOf } from './connect.js';
import { History } from './history.js';
import { Keeper } from './keeper.js';
import { Link } from './link.js';
import { Log } from './log.js';
import { type PostgresConfig, type PostgresStoreOptions, resolveOptions } from './options.js';
import { Sequencer } from './sequencer.js';
import { Server } from './server.js';
import { Shelf } from './shelf.js';
import { Standing } from './standing.js';
import { Statement } from './statement.js';
import { Sweeper } from './sweeper.js';
import { PostgresTail } from './tail.js';
import { Watch } from './watch.js';

/** A {@link Store} on PostgreSQL: one log for all processes, durable, to which others may publish within their own transactions. */
export interface PostgresStore extends Store {
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

/** The listening connection has just fallen silent: the others have this long to prove that the server is there. */
const PROBE_MS = 250;

/**
 * A store on a PostgreSQL server (13 or later) that several processes share. Calls go through a pool; one more connection, made with
 * the first epoch or tail, is where the store hears of new entries.
 *
 * @example
 * ```ts
 * const hub = createHub({ store: postgresStore({ connectionString: 'postgres://localhost/app' }) });
 * ```
 * @throws TypeError, RangeError for wrong options.
 */
export function postgresStore(options: PostgresStoreOptions): PostgresStore {
  return new StoreOnPostgres(resolveOptions(options));
}

class StoreOnPostgres implements PostgresStore {
  readonly supports: StoreSupports = SUPPORTS;
  readonly #link: Link;
  readonly #watch: Watch;
  readonly #server: Server;
  readonly #log: Log;
  readonly #history: History;
  readonly #shelf: Shelf;
  readonly #sweeper: Sweeper;
  readonly #keeper: Keeper;
  readonly #commits: GroupCommit;
  readonly #bounds: ChannelBounds;
  readonly #standing = new Standing();
  readonly #probe: Statement;
  readonly #tails = new Set<PostgresTail>();
  #closing: Promise<void> | undefined;

  constructor(config: PostgresConfig) {
    const { schema, name, clock, timeoutMs, keyTtlMs, snapshotTtlMs, cursorTtlMs } = config;
    const warn = oncePerMessage(config.onWarning);
    const pool = poolOf(config);
    this.#link = new Link(pool, config.pool === undefined, timeoutMs, (client) => checkServer(client, schema, warn));
    this.#watch = new Watch(connectorOf(pool), schema, name, timeoutMs);
    this.#server = new Server((statement, values) => this.#link.run(statement, values), schema, name, clock);
    this.#bounds = new ChannelBounds(config.boundsOf);
    this.#log = new Log(this.#server, this.#bounds, this.#standing, keyTtlMs);
    this.#history = new History(this.#server);
    this.#shelf = new Shelf(this.#server, this.#bounds, snapshotTtlMs, cursorTtlMs);
    this.#sweeper = new Sweeper(this.#server, config.forgetAfterMs, [keyTtlMs, snapshotTtlMs, cursorTtlMs]);
    const sequencer = new Sequencer(this.#server, this.#bounds, this.#standing, keyTtlMs, warn);
    this.#keeper = new Keeper(this.#watch, this.#server, sequencer, this.#sweeper);
    this.#commits = new GroupCommit((calls) => this.#log.commit(calls));
    this.#probe = new Statement(schema, 'select 1');
  }

  startEpoch(epoch: string): Promise<LogState> {
    return this.#do('start an epoch', async () => {
      const state = await this.#log.startEpoch(epoch);
      this.#keeper.start();
      return state;
    });
  }

  state(): Promise<LogState> {
    return this.#do('tell the state', () => this.#log.state());
  }

  append(entries: readonly NewEntry[], at: Position): Promise<readonly Appended[]> {
    return this.#do('append', () => {
      // What may throw has to, before other calls are in the same boat.
      for (const { channel } of entries) this.#bounds.of(channel);
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
      await this.#link.ready();
      const tail: PostgresTail = new PostgresTail(
        {
          watch: this.#watch,
          server: this.#server,
          listener,
          onReach: (at) => this.#standing.reach(at),
          onEnd: (error) => {
            this.#tails.delete(tail);
            if (error) this.#link.probe(this.#probe, PROBE_MS);
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

  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  async #close(): Promise<void> {
    this.#keeper.close();
    for (const tail of this.#tails) tail.stop();
    await this.#link.close(closed('go on', 'PostgreSQL store'));
  }

  async #do<Result>(action: string, run: () => Promise<Result>): Promise<Result> {
    if (this.#closing) throw closed(action, 'PostgreSQL store');
    try {
      return await run();
    } catch (error) {
      throw this.#closing ? closed(action, 'PostgreSQL store') : failed(action, error);
    }
  }
}
