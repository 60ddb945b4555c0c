/**
 * What a trial has to know of a kind of store: how to start what is behind it, how a process opens it, and what can befall it.
 * A further store is one file like its neighbours, and a line in `index.ts`.
 */
import type { Clock, RetentionOptions, Store } from '@headwater/core';

/** How a process opens the store. JSON, because server processes get it on their command line. */
export interface StoreSpec {
  readonly kind: string;
  /** A URL, a folder, or nothing: the kind's own affair. */
  readonly where?: string;
  readonly retention?: RetentionOptions['retention'];
  /** The store takes its time from the process's clock, also where it would take a server's. */
  readonly usesClock?: boolean;
}

/** Nothing is trimmed: a client that is late on a busy machine finds what it lacks. */
export const KEEP_ALL = { count: false, ageMs: false, bytes: false } as const;

/** What a store can lose contact to. */
export interface Outage {
  begin(): Promise<void>;
  /** Resolves when the store can be reached again. */
  end(): Promise<void>;
}

/** A data set of its own, and whatever serves it. */
export interface StoreService {
  /** As `open` wants it. `where` can change with `restore`. */
  readonly spec: StoreSpec;
  /** By name; none where there is nothing that could be away. */
  readonly outages: Readonly<Record<string, Outage>>;
  /** Keeps a copy of the data as it is now. Nobody writes meanwhile. */
  copy(): Promise<void>;
  /** Puts the copy in the data's place. */
  restore(): Promise<void>;
  /** Empties the data set. */
  wipe(): Promise<void>;
  stop(): Promise<void>;
}

export interface StoreKind {
  readonly name: string;
  /** History outlives the process. */
  readonly isDurable: boolean;
  /** Several processes can serve one log. */
  readonly isShared: boolean;
  /** There is no server: `copy`, `restore` and `wipe` want every process that has it open to be gone. */
  readonly isEmbedded: boolean;
  /** It folds the items of keyed channels. */
  readonly hasItems: boolean;
  /** Each call makes a data set of its own. */
  start(): Promise<StoreService>;
  open(spec: StoreSpec, clock: Clock): Store;
  /** A way to the server on which its feed loses what `drops` says; none where the feed is only a hint, or has no proxy. */
  readonly openLossyFeed?: (where: string, drops: () => boolean) => Promise<LossyFeed>;
  /** A client of the application's own, in whose transactions it publishes; none where a store takes part in no transaction. */
  readonly openClient?: (spec: StoreSpec) => Promise<TransactionClient>;
}

/** Stands before a server. */
export interface LossyFeed {
  readonly url: string;
  /** How many entries it has left out. */
  readonly dropped: number;
  close(): void;
}

/** One connection, one transaction at a time. What it publishes is out once it has committed, under an id that nobody tells it. */
export interface TransactionClient {
  begin(): Promise<unknown>;
  publish(message: { readonly channel: string; readonly data: string }): Promise<unknown>;
  commit(): Promise<unknown>;
  rollback(): Promise<unknown>;
  close(): Promise<unknown>;
}
