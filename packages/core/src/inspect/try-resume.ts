/** A try at resuming: what attach would decide, and how many events would follow. Nothing is sent, nothing moves. */
import { findPlace, type Place } from '../attach.js';
import { parseEventId } from '../event-id.js';
import type { Following } from '../following.js';
import type { HubCore } from '../hub-core.js';
import { floorsOf } from '../reset.js';
import type { InspectedResume } from './inspected.js';

const MAX_COUNTED = 10_000;
const PAGE = 1_000;
const PAGE_BYTES = 4 * 1024 * 1024;

type Counted = Pick<InspectedResume, 'events' | 'isAtLeast' | 'isInMemory'>;

export async function tryResume(core: HubCore, id: string, following: Following): Promise<InspectedResume> {
  const { channels } = following;
  const { log, options } = core;
  // Rejects where the store is away: a client would wait.
  await log.connect();
  let place: Place = { kind: 'moved' };
  while (place.kind === 'moved') place = await findPlace(core, following, id);
  const floors = await floorsOf(options.store, channels);
  const trimmed = place.kind === 'trimmed' ? place.channels : [];
  const counted =
    place.kind === 'resumed'
      ? (countInMemory(core, channels, place.seq) ?? (await countInStore(core, channels, place.seq)))
      : await countInStore(core, channels, Math.min(...floors.values()));
  return {
    outcome: place.kind === 'resumed' ? 'resumed' : 'reset',
    reason: place.kind === 'lost' ? place.reason : trimmed.length > 0 ? 'trimmed' : undefined,
    seq: parseEventId(id)?.seq,
    head: log.head,
    headId: log.idAt(log.head),
    floors: channels.map((channel) => {
      return { channel, floor: floors.get(channel) ?? 0, isTrimmed: trimmed.includes(channel) };
    }),
    ...counted,
  };
}

/** Undefined where the ring does not reach back to `after`. */
function countInMemory({ log: { ring } }: HubCore, channels: readonly string[], after: number): Counted | undefined {
  if (!channels.every((channel) => ring.covers(channel, after))) return undefined;
  let events = 0;
  for (let seq = after + 1; seq <= ring.head; seq++) if (channels.includes(ring.at(seq)?.channel ?? '')) events++;
  return { events, isAtLeast: false, isInMemory: true };
}

async function countInStore({ log, options }: HubCore, channels: readonly string[], from: number): Promise<Counted> {
  let events = 0;
  for (let after = from; events < MAX_COUNTED; ) {
    const { entries, upTo } = await options.store.read(after, channels, PAGE, PAGE_BYTES);
    events += entries.length;
    if (upTo <= after || upTo >= log.head) return { events, isAtLeast: false, isInMemory: false };
    after = upTo;
  }
  return { events, isAtLeast: true, isInMemory: false };
}
