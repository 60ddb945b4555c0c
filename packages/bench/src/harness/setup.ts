/** What a session is asked for, and what it answers. */
import type { Received } from '../client/client.js';
import type { ContenderName } from '../contenders/index.js';
import type { Spent } from '../server/gauges.js';
import type { Published } from '../server/publisher.js';
import type { Place } from '../stores/place.js';
import type { StoreSpec } from '../stores/spec.js';

export interface Setup {
  readonly contender: ContenderName;
  readonly clients: number;
  readonly bytes: number;
  /** Folder for CPU profiles of the server. */
  readonly profile?: string | undefined;
  /** Headwater over this store stands for the contender. */
  readonly store?: StoreSpec | undefined;
  /** Where that store is: what its database spends is told apart from what others do. */
  readonly place?: Place | undefined;
  /** Of the hub over the store. */
  readonly ringEvents?: number | undefined;
  /** The clients are with another server process over the same store. */
  readonly isRelayed?: boolean | undefined;
}

/** How many events a stream lacks that comes back: at random within these bounds, at least 1. */
export interface Behind {
  readonly least: number;
  readonly most: number;
}

/** One measurement, from both sides. */
export interface Measured {
  /** Absent where the events were there before. */
  readonly published?: Published;
  readonly received: Received;
  readonly spent: Spent;
  /** Events that every client should have got, times the clients. */
  readonly wanted: number;
  /** CPU time of the store's database and of a second server, in milliseconds. */
  readonly besideMs: number;
  /** Cores that were used by something else. */
  readonly others: number;
}
