/** Headwater on bare node:http over a store that outlives its hub. It counts what the hub reads from the store. */
import { createServer } from 'node:http';
import { createHub, type Hub, type HubOptions, type Store } from '@headwater/core';
import { accept } from '@headwater/core/node';
import { CHANNEL } from '../stores/history.js';
import type { Contender } from './contender.js';
import { listening } from './listen.js';

export interface StoreContender extends Contender {
  /** Calls of `store.read` since the start of the hub. */
  readonly reads: number;
  /** Ends the hub and its streams and puts a new one over the same store: what is left of a restart where the store is in memory. */
  restart(): Promise<void>;
}

export async function startOnStore(store: Store, options: HubOptions): Promise<StoreContender> {
  let reads = 0;
  const read = store.read.bind(store);
  store.read = (...args) => {
    reads++;
    return read(...args);
  };
  const newHub = (): Hub => {
    const made = createHub({ ...options, store });
    made.observe({ flushed: ({ holdMs }) => contender.onHold?.(holdMs) });
    return made;
  };
  const contender: StoreContender = {
    server: await listening(createServer((req, res) => void accept(req, res, hub).subscribe(CHANNEL))),
    publish: (data) => hub.publish(CHANNEL, { data }),
    get reads() {
      return reads;
    },
    async restart() {
      await hub.close();
      reads = 0;
      hub = newHub();
    },
  };
  let hub = newHub();
  // As a load balancer waits for it: a stream that is opened before has not begun to follow.
  await hub.ready();
  return contender;
}
