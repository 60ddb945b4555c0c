/** Handles on logs, for a test in another process: every call of a store, and what tails tell, over the channel to the parent. */
import type { Tail } from '@headwater/core';
import { type LmdbStore, lmdbStore } from '../../src/index.js';
import { describeError, type Reply, type Request } from '../kit/remote-protocol.js';

const stores = new Map<number, LmdbStore>();
const tails = new Map<number, Tail>();
const reply = (message: Reply) => void process.send?.(message);

async function answer({ handle, call, method, args }: Request): Promise<unknown> {
  if (method === 'open') return void stores.set(handle, lmdbStore(args[0] as { path: string }));
  if (method === 'stop') return tails.get(call)?.stop();
  const store = stores.get(handle) as LmdbStore;
  if (method === 'tail') {
    const listener = {
      entries: (entries: unknown) => reply({ call, entries }),
      lost: (error: unknown) => reply({ call, lost: describeError(error) }),
    };
    tails.set(call, await store.tail(args[0] as never, listener));
    return undefined;
  }
  return (store[method] as (...args: unknown[]) => Promise<unknown>)(...args);
}

process.on('message', (request: Request) => {
  answer(request).then(
    (value) => reply({ call: request.call, value }),
    (error) => reply({ call: request.call, error: describeError(error) }),
  );
});
// The end of the parent is the end of this.
process.on('disconnect', () => process.exit());
