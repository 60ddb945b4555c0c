/** Warming: fills the ring of a starting process with the newest history, so that a restart is not followed by a storm of reads. */
import { EpochList } from './epochs.js';
import { toFrame } from './frame.js';
import type { Ring } from './ring.js';
import type { LogState, Store } from './store.js';

/** Entries per read. */
const PAGE = 1_000;

/** Bytes of bodies per read. */
const PAGE_BYTES = 4 * 1024 * 1024;

/** Reads what the store retains of the newest `events` places. A log that changes meanwhile leaves the ring cold, which is correct too. */
export async function warmRing(ring: Ring, store: Store, state: LogState, events: number): Promise<void> {
  const epochs = new EpochList(state.epochs);
  const from = Math.max(0, state.head - events);
  ring.clear(from);
  for (let upTo = from; upTo < state.head; ) {
    const page = await store.read(upTo, undefined, PAGE, PAGE_BYTES);
    const entries = page.entries.filter((entry) => entry.seq <= state.head);
    if (entries.some((entry) => epochs.at(entry.seq) !== entry.epoch) || page.upTo <= upTo) break;
    upTo = Math.min(page.upTo, state.head);
    ring.warm(entries.map(toFrame), upTo, page.floors, page.forgotten);
  }
  if (ring.head !== state.head) ring.clear(state.head);
  ring.evict(state.head);
}
