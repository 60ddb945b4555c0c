/**
 * LogService: a stand-in for a database, in this process. Its logs outlive their handles, several handles share one, and a log
 * can be rolled back: a store with everything that the suite can ask for.
 */
import {
  type Clock,
  type MemoryStoreOptions,
  SseError,
  type Store,
  type StoreSupports,
  type Tail,
  type TailListener,
} from '@headwater/core';
import { MemoryLog } from '../../core/src/memory/log.js';
import { LogStore } from '../../core/src/memory/store.js';
import type { StoreSetup } from '../src/index.js';

export const EVERYTHING: StoreSupports = {
  durable: true,
  shared: true,
  prev: true,
  retentionPerChannel: true,
  snapshots: true,
  items: true,
  cursors: true,
};

interface Kept {
  readonly log: MemoryLog;
  readonly clock: Clock;
  /** What all open handles talk to; none while there is no handle. */
  server: LogStore | undefined;
  handles: number;
  /** While it is, every handle is told so. */
  isDown: boolean;
}

/** Long enough for the suite to meet the service while it is away. */
const RESTART_MS = 5;

export class LogService {
  readonly #options: MemoryStoreOptions;
  readonly #logs = new Map<string, Kept>();
  readonly #byStore = new Map<Store, Kept>();

  /** `options` go before those of the suite's setup: a service may be made to get its retention wrong. */
  constructor(options: MemoryStoreOptions = {}) {
    this.#options = options;
  }

  open({ name, clock, retention }: StoreSetup): Store {
    const kept = this.#logs.get(name) ?? {
      log: new MemoryLog({
        ...this.#options,
        retention: { ...retention, ...this.#options.retention },
      }),
      clock,
      server: undefined,
      handles: 0,
      isDown: false,
    };
    this.#logs.set(name, kept);
    kept.server ??= new LogStore(kept.log, clock);
    kept.handles++;
    const handle = handleOn(kept.server, kept, async () => {
      if (--kept.handles > 0) return;
      await kept.server?.close();
      kept.server = undefined;
    });
    this.#byStore.set(handle, kept);
    return handle;
  }

  drop(name: string): void {
    this.#logs.delete(name);
    this.#byStore.clear();
  }

  sweep(store: Store): void {
    this.#of(store).server?.sweep();
  }

  rollback(store: Store, toSeq: number): void {
    const { log, server } = this.#of(store);
    log.rollback(toSeq);
    server?.loseTails(new SseError('ERR_SSE_STORE', 'the log was rolled back'));
  }

  /** A rollback by a server that is stopped and started again: it returns while the server is away. */
  restart(store: Store, toSeq: number): void {
    const kept = this.#of(store);
    kept.isDown = true;
    kept.server?.loseTails(new SseError('ERR_SSE_STORE', 'the connection was lost'));
    setTimeout(() => {
      kept.log.rollback(toSeq);
      kept.isDown = false;
    }, RESTART_MS);
  }

  #of(store: Store): Kept {
    const kept = this.#byStore.get(store);
    if (!kept) throw new Error('not a store of this service');
    return kept;
  }
}

function handleOn(server: LogStore, kept: Kept, onClose: () => Promise<void>): Store {
  const tails = new Set<Tail>();
  let isClosed = false;
  const open = async () => {
    if (isClosed) throw new SseError('ERR_SSE_CLOSED', 'Cannot use the handle: it is closed');
    if (kept.isDown) throw new SseError('ERR_SSE_STORE', 'Cannot reach the log: it is being restarted');
  };
  return {
    supports: EVERYTHING,
    startEpoch: (epoch) => open().then(() => server.startEpoch(epoch)),
    state: () => open().then(() => server.state()),
    append: (entries, at) => open().then(() => server.append(entries, at)),
    read: (after, channels, limit, maxBytes) => open().then(() => server.read(after, channels, limit, maxBytes)),
    saveSnapshot: (channel, snapshot) => open().then(() => server.saveSnapshot(channel, snapshot)),
    loadSnapshot: (channel) => open().then(() => server.loadSnapshot(channel)),
    loadItems: (channel) => open().then(() => server.loadItems(channel)),
    saveCursor: (key, cursor) => open().then(() => server.saveCursor(key, cursor)),
    loadCursor: (key) => open().then(() => server.loadCursor(key)),
    async tail(from, listener: TailListener) {
      await open();
      const tail = await server.tail(from, listener);
      tails.add(tail);
      return tail;
    },
    async close() {
      if (isClosed) return;
      isClosed = true;
      for (const tail of tails) tail.stop();
      await onClose();
    },
  };
}
