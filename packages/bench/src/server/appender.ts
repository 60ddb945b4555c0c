/** The appender process: callers that store one event after the other, through Headwater or past it. */
import { createHistogram } from 'node:perf_hooks';
import { createHub, newEpoch, type Store } from '@headwater/core';
import { micros } from '../harness/micros.js';
import { makePayload } from '../harness/payload.js';
import { serve } from '../harness/rpc.js';
import { CHANNEL, newEntry } from '../stores/history.js';
import { openStore } from '../stores/open.js';
import { openRaw } from '../stores/raw.js';
import type { StoreSpec } from '../stores/spec.js';

/** Past Headwater; `store.append()`; `hub.publish()`. */
export type Way = 'raw' | 'append' | 'publish';

/** Each of the callers makes its next call when the one before is answered. */
export interface Load {
  readonly callers: number;
  readonly seconds: number;
}

export interface AppendPlan extends Load {
  readonly way: Way;
  readonly store: StoreSpec;
  readonly bytes: number;
}

/** Times of one call in microseconds. */
export interface Appends {
  readonly count: number;
  readonly wallMs: number;
  readonly cpuMs: number;
  readonly p50: number;
  readonly p99: number;
  /** By how many entries more the log should have grown. */
  readonly lost: number;
}

/** One call, for the event with that number. */
type Act = (seq: number) => Promise<unknown>;

/** As long as it takes until all is compiled. */
const WARM_UP_SECONDS = 3;

let act: Act;
let head: () => Promise<number>;

const api = {
  /** Opens what is needed and warms it up. */
  async prepare(plan: AppendPlan): Promise<void> {
    ({ act, head } = await prepare(plan));
    await flood({ callers: plan.callers, seconds: WARM_UP_SECONDS });
  },

  async run(load: Load): Promise<Appends> {
    const headAt = await head();
    const cpuAt = process.cpuUsage();
    const done = await flood(load);
    const { user, system } = process.cpuUsage(cpuAt);
    const grown = (await head()) - headAt;
    return { ...done, cpuMs: (user + system) / 1e3, lost: done.count - grown };
  },
};

export type AppenderApi = typeof api;

serve(api);

async function prepare({ way, store: spec, bytes }: AppendPlan): Promise<{ act: Act; head: () => Promise<number> }> {
  if (way === 'raw') {
    const raw = await openRaw(spec);
    return { act: (seq) => raw.append(newEntry(seq, bytes).body), head: () => raw.count() };
  }
  const store = await openStore(spec);
  const head = async (): Promise<number> => (await store.state()).head;
  return { act: way === 'append' ? await appending(store, bytes) : publishing(store, bytes), head };
}

async function appending(store: Store, bytes: number): Promise<Act> {
  const epoch = newEpoch();
  await store.startEpoch(epoch);
  // As a hub's fence does, it goes along with the log.
  let at = { epoch, seq: 0 };
  return async (seq) => {
    const [appended] = await store.append([newEntry(seq, bytes)], at);
    if (appended && appended.seq > at.seq) at = appended;
  };
}

function publishing(store: Store, bytes: number): Act {
  const hub = createHub({ store });
  return (seq) => hub.publish(CHANNEL, { data: makePayload(seq, micros(), bytes) });
}

let seq = 0;

async function flood({ callers, seconds }: Load): Promise<Omit<Appends, 'cpuMs' | 'lost'>> {
  const took = createHistogram();
  const begun = micros();
  const end = begun + seconds * 1e6;
  let count = 0;
  const call = async (): Promise<void> => {
    while (micros() < end) {
      const before = micros();
      await act(seq++);
      took.record(Math.max(1, micros() - before));
      count++;
      // A store that answers without any input or output would never let the event loop turn.
      if (count % 1_000 === 0) await new Promise((resolve) => setImmediate(resolve));
    }
  };
  await Promise.all(Array.from({ length: callers }, call));
  return { count, wallMs: (micros() - begun) / 1e3, p50: took.percentile(50), p99: took.percentile(99) };
}
