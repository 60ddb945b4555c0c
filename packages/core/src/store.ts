/**
 * The Store contract: where order and history live.
 *
 * A store holds one log per hub name. The log is a dense sequence of entries (`seq` 1, 2, 3, ...), cut into epochs, with
 * per-channel retention. Several processes may share it. Everything a hub promises to clients rests on the sentences below;
 * `@headwater/conformance` checks them.
 */

/** A place in the log together with the epoch that was in force there. Sequence 0 is the place before the first entry. */
export interface Position {
  readonly epoch: string;
  readonly seq: number;
}

/**
 * The beginning of an epoch: a stretch of the log within which nothing was lost. The first epoch begins at 0, each later one
 * at `head + 1` of its moment; of equal beginnings the last wins. (The idea is that of Kafka's leader epochs, KIP-101.)
 */
export interface EpochStart {
  readonly epoch: string;
  readonly start: number;
}

/** What a publisher hands to the store. */
export interface NewEntry {
  readonly channel: string;
  /** The encoded `event:`/`data:` lines, each ended by LF, without `id:` and without the blank line. Never changed by anybody. */
  readonly body: Uint8Array;
  /** Milliseconds since 1970 by the publisher's clock. For display and retention by age only: order never depends on it. */
  readonly time: number;
  /** Idempotency key, at most 200 bytes, scoped to the channel. */
  readonly key?: string | undefined;
  /** What this entry does to the items of its (keyed) channel, in the same transaction. */
  readonly item?: ItemChange | undefined;
}

/** A change of one item of a keyed channel. */
export interface ItemChange {
  /** 1 to 200 characters, unique within the channel. */
  readonly id: string;
  /** The whole item, already serialized; undefined deletes it. */
  readonly json: string | undefined;
}

/** The items of a keyed channel, read in one transaction: what all its changes up to and including `at` have made. */
export interface ChannelItems {
  /** The head of the log, and the epoch in force there. */
  readonly at: Position;
  /** Id to JSON, in any order. */
  readonly items: ReadonlyMap<string, string>;
}

/** One entry of the log. */
export interface Entry {
  readonly seq: number;
  /** The epoch that was current in the store when the entry was appended. */
  readonly epoch: string;
  readonly channel: string;
  /** The seq of the previous entry of the same channel, 0 for its first; absent where the store does not know it exactly. */
  readonly prev?: number | undefined;
  readonly time: number;
  readonly body: Uint8Array;
}

/** Where an appended entry stands. `duplicate` is true where the idempotency key was already known. */
export interface Appended extends Position {
  readonly duplicate: boolean;
}

/** Head and epochs, read in one transaction. */
export interface LogState {
  /** The highest seq ever appended and not lost, 0 in an empty log. Trimming never lowers it. */
  readonly head: number;
  /** Ascending by `start`. May be pruned at its old end; the epoch in force at `head` is always there. */
  readonly epochs: readonly EpochStart[];
}

/** A stretch of history, read in one transaction. */
export interface Page {
  /** The retained entries of the asked channels with `after < seq <= upTo`, ascending. */
  readonly entries: readonly Entry[];
  /** The log was examined up to here. `head` of the moment unless `limit` or `maxBytes` cut the page, then the last entry's seq. */
  readonly upTo: number;
  /**
   * Per asked channel the highest seq ever trimmed from it (0: nothing). A channel resumes from `s` only if its floor is at
   * most `s`. Where no channels were asked (all), at least every known channel whose floor is above `after`.
   */
  readonly floors: ReadonlyMap<string, number>;
  /** The floor of every channel that the store does not know: the highest head among the channels whose metadata it dropped. */
  readonly forgotten: number;
}

/** A state message that repairs a reset. It includes everything up to and including `at`. */
export interface StoredSnapshot {
  readonly at: Position;
  /** The application's own data, already serialized. */
  readonly data: string;
  /** Milliseconds since 1970. */
  readonly time: number;
}

/** How far a client is known to have received a set of channels. */
export interface StoredCursor {
  readonly at: Position;
  /** When that was last proven, in milliseconds since 1970. */
  readonly time: number;
}

/** What {@link Store.tail} reports to. */
export interface TailListener {
  /** The next entries, in log order, without a gap and each once. Called from a turn of its own or from within `append`. Must not throw. */
  entries(entries: readonly Entry[]): void;
  /** The tail has ended by itself (connection lost, or the position was lost). Called at most once, and nothing follows it. */
  lost(error: unknown): void;
}

/** A running tail. */
export interface Tail {
  /** Ends the tail; the listener is not called again. Idempotent. */
  stop(): void;
}

/** What a store can do, for tests and for errors that say what is missing. */
export interface StoreSupports {
  /** Entries survive the end of the process. */
  readonly durable: boolean;
  /** Several processes can open the same log. */
  readonly shared: boolean;
  /** `Entry.prev` is always exact (absent only after a channel was forgotten, or the log went back). */
  readonly prev: boolean;
  /** Retention is kept per channel, by count, age and bytes. */
  readonly retentionPerChannel: boolean;
  /** `saveSnapshot` and `loadSnapshot` work. */
  readonly snapshots: boolean;
  /** `NewEntry.item` and `loadItems` work. */
  readonly items: boolean;
  /** `saveCursor` and `loadCursor` work. */
  readonly cursors: boolean;
}

/**
 * The channel through which hubs speak to each other (revocation). Being entries of the log, what they say reaches every
 * process, once and in order, also one that was away. No client can follow it: the space keeps it apart from channels of users.
 * A store treats it as any other channel, so channel names are 1 to 200 bytes of printable ASCII *with* spaces to it.
 */
export const CONTROL_CHANNEL = 'sse control';

/**
 * Implementers MUST make `append` atomic (all entries or none, consecutive seqs, in the given order), MUST report commit order
 * as seq order, and MUST check fences and read floors in the same transaction as the work they guard. They MUST NOT keep or
 * change a `body` that they were given other than by reference, and hubs treat every returned value as frozen. Every method
 * rejects with an `SseError`: `ERR_SSE_CLOSED` after `close()`, `ERR_SSE_FENCED` where a fence refuses, `ERR_SSE_STORE` for
 * anything that came from below. A rejected `append` may have been stored (a lost answer): callers who must know use a key.
 */
export interface Store {
  readonly supports: StoreSupports;

  /**
   * Begins `epoch` at `head + 1` (at 0 in a log that has no epoch yet), in one transaction with the log, and returns the state after it.
   * A hub calls it once after each connect, before its first append there. A store that makes another connection by itself begins an
   * epoch by itself before it appends there: what it is connected to by now may be an older copy of the log, in which the fence of a
   * process that had seen no more than the copy has finds nothing wrong.
   */
  startEpoch(epoch: string): Promise<LogState>;

  /** Head and epochs now. */
  state(): Promise<LogState>;

  /**
   * Appends entries and resolves, in their order, once the store's durability promise holds. Entries are stamped with the
   * store's current (last begun) epoch. `at` is the caller's own position: where it is not valid (`at.seq > head`, or another
   * epoch in force there) nothing is written and the call rejects with `ERR_SSE_FENCED`. An entry whose `key` was appended to
   * the same channel within the last 10 minutes is not written again; its first position is returned. Calls of one handle that are
   * under way together are written in the order in which they were made.
   */
  append(entries: readonly NewEntry[], at: Position): Promise<readonly Appended[]>;

  /**
   * At most `limit` entries after `after`, of these channels (all of them if undefined). `limit` 0 gives the floors alone. The
   * page also ends with the entry that brings its bodies to `maxBytes` bytes together (not limited if undefined), so it always
   * holds at least one.
   */
  read(after: number, channels: readonly string[] | undefined, limit: number, maxBytes?: number): Promise<Page>;

  /**
   * Reports every entry after `from`, resolving once the tail is in place; the listener may be called before that. Fenced like
   * `append`. Entries that the fence covers
   * but that retention has trimmed in the meantime (`from` far behind) reject with `ERR_SSE_POSITION`: the hub then starts at the head.
   */
  tail(from: Position, listener: TailListener): Promise<Tail>;

  /** Keeps `snapshot` for `channel` unless one with a later `at` is kept. An invalid `at`, or one below the channel's floor, rejects with `ERR_SSE_POSITION`. */
  saveSnapshot(channel: string, snapshot: StoredSnapshot): Promise<void>;

  /** The kept snapshot if it is not expired (7 days by default), `at` is still valid and not below the channel's floor. */
  loadSnapshot(channel: string): Promise<StoredSnapshot | undefined>;

  /**
   * The items of a keyed channel; without any if nothing was ever published to it. They are kept until they are deleted, whatever
   * retention does to the channel's entries. Undefined where the store can no longer tell them (it lost part of the log).
   */
  loadItems(channel: string): Promise<ChannelItems | undefined>;

  /**
   * Keeps `cursor` under `key` (1 to 100 characters of `[A-Za-z0-9_-]`) for 7 days by default, counted from its `time`. A cursor never goes back: where
   * one with a later `at` that is still valid is kept, its `at` stays, and the later `time` of the two. An invalid `at` rejects
   * with `ERR_SSE_POSITION`.
   */
  saveCursor(key: string, cursor: StoredCursor): Promise<void>;

  /** The kept cursor if it has not expired, also where its `at` is no longer valid: the caller has to say so to the client. */
  loadCursor(key: string): Promise<StoredCursor | undefined>;

  /** Releases what the store holds. Idempotent; ends every tail without `lost`. */
  close(): Promise<void>;
}
