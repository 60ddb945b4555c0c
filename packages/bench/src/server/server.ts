/** The server process: one contender, driven by the coordinator. */
import type { AddressInfo } from 'node:net';
import type { Store } from '@headwater/core';
import { type StoreContender, startOnStore } from '../contenders/headwater-store.js';
import { type ContenderName, startContender } from '../contenders/index.js';
import { serve } from '../harness/rpc.js';
import { fill, type History } from '../stores/history.js';
import { openStore } from '../stores/open.js';
import type { StoreSpec } from '../stores/spec.js';
import { Gauges, type Spent } from './gauges.js';
import { type Published, Publisher } from './publisher.js';

/** Memory of the process after a collection of garbage, in bytes. */
export interface Memory {
  rss: number;
  heapUsed: number;
  external: number;
}

/** What a server process is asked to be: a contender by name, or Headwater over a store. */
export interface ServerPlan {
  readonly contender: ContenderName;
  readonly bytes: number;
  readonly store?: StoreSpec | undefined;
  /** Of the hub over the store; its default without it. */
  readonly ringEvents?: number | undefined;
  /** The number of the first event. */
  readonly first?: number | undefined;
}

let publisher: Publisher;
let gauges: Gauges;
let store: Store | undefined;
let onStore: StoreContender | undefined;
let arrival: { seq: number; resolve: () => void } | undefined;

const api = {
  /** Starts the contender; answers with its port. */
  async start({ contender, bytes, store: spec, ringEvents, first }: ServerPlan): Promise<number> {
    if (spec) {
      store ??= await openStore(spec);
      onStore = await startOnStore(store, { ringEvents });
    }
    const started = onStore ?? (await startContender(contender));
    publisher = new Publisher(started, bytes, first);
    gauges = new Gauges(started);
    return (started.server.address() as AddressInfo).port;
  },

  /** Fills the log of a store that nobody uses yet. */
  async fill({ store: spec, events, bytes }: { store: StoreSpec; events: number; bytes: number }): Promise<History> {
    store ??= await openStore(spec);
    return fill(store, events, bytes);
  },

  restartHub: (): Promise<void> | undefined => onStore?.restart(),
  reads: (): number => onStore?.reads ?? 0,
  connections: (): number => gauges.connections,
  cpuMs(): number {
    const { user, system } = process.cpuUsage();
    return (user + system) / 1e3;
  },

  rehearse: (count: number): Promise<void> => publisher.rehearse(count),

  begin(options: { samples: boolean }): void {
    publisher.begin();
    gauges.begin(options);
  },

  end: (): Spent => gauges.end(),

  atRate: (plan: { rate: number; seconds: number }): Promise<Published> => publisher.atRate(plan),
  flood: (plan: { seconds: number; inFlight: number }): Promise<Published> => publisher.flood(plan),
  lockstep: (count: number): Promise<Published> =>
    publisher.inLockstep(count, (seq) => new Promise((resolve) => (arrival = { seq, resolve }))),

  /** Every client has every event below `seq`. */
  arrived(seq: number): void {
    if (arrival && seq >= arrival.seq) arrival.resolve();
  },

  memory(): Memory {
    for (let i = 0; i < 3; i++) globalThis.gc?.();
    const { rss, heapUsed, external } = process.memoryUsage();
    return { rss, heapUsed, external };
  },
};

export type ServerApi = typeof api;

serve(api);
