/** Row: one promise, what is done to break it, and in two sizes: short for every test run, full for figures. */
import type { Figures } from './harness/figures.js';
import type { StoreKind } from './stores/store.js';
import type { Trial } from './trial.js';

export type Size = { readonly [name: string]: number };

export interface Row {
  readonly name: string;
  /** What holds, as a sentence. */
  readonly promise: string;
  readonly short: Size;
  readonly full: Size;
  /** Why the row says nothing about a kind of store; undefined where it does. */
  readonly unfit: (kind: StoreKind) => string | undefined;
  /** What this machine lacks for it, if anything. */
  readonly missing?: () => string | undefined;
  /** Rejects where the promise was broken. */
  run(trial: Trial, size: Size): Promise<Figures>;
}

interface RowOptions<Of extends Size> {
  readonly name: string;
  readonly promise: string;
  readonly short: Of;
  readonly full: Of;
  readonly needs?: readonly Need[];
  readonly run: (trial: Trial, size: Of) => Promise<Figures>;
}

/** What a row needs of a store, and how to say that it is not there. */
const NEEDS = {
  durable: (kind: StoreKind) => (kind.isDurable ? undefined : 'nothing outlives the process'),
  shared: (kind: StoreKind) => (kind.isShared ? undefined : 'one process only'),
  server: (kind: StoreKind) => (kind.isEmbedded ? 'there is no server between' : undefined),
  items: (kind: StoreKind) => (kind.hasItems ? undefined : 'no keyed channels'),
  lossyFeed: (kind: StoreKind) =>
    kind.openLossyFeed ? undefined : 'its feed is not one that a proxy can leave out of',
  transactions: (kind: StoreKind) => (kind.openClient ? undefined : 'no transactions to publish in'),
};

type Need = keyof typeof NEEDS;

export function defineRow<Of extends Size>({ needs = [], run, ...rest }: RowOptions<Of>): Row {
  return {
    ...rest,
    unfit: (kind) => needs.map((need) => NEEDS[need](kind)).find((why) => why !== undefined),
    run: (trial, size) => run(trial, size as Of),
  };
}
