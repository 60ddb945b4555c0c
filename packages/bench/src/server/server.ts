/** The server process: one contender, driven by the coordinator. */
import type { AddressInfo } from 'node:net';
import { type ContenderName, startContender } from '../contenders/index.js';
import { serve } from '../harness/rpc.js';
import { Gauges, type Spent } from './gauges.js';
import { type Published, Publisher } from './publisher.js';

/** Memory of the process after a collection of garbage, in bytes. */
export interface Memory {
  rss: number;
  heapUsed: number;
  external: number;
}

let publisher: Publisher;
let gauges: Gauges;
let arrival: { seq: number; resolve: () => void } | undefined;

const api = {
  /** Starts the contender; answers with its port. */
  async start({ contender, bytes }: { contender: ContenderName; bytes: number }): Promise<number> {
    const started = await startContender(contender);
    publisher = new Publisher(started, bytes);
    gauges = new Gauges(started);
    return (started.server.address() as AddressInfo).port;
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
