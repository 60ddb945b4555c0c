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
  /** Each call makes a data set of its own. */
  start(): Promise<StoreService>;
  open(spec: StoreSpec, clock: Clock): Store;
}
