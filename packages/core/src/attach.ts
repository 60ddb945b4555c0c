/** Attach: where in the log a connection begins. Decides, and moves nothing. */
import { parseEventId } from './event-id.js';
import type { Following } from './following.js';
import type { HubCore } from './hub-core.js';
import { floorsOf, type ResetReason } from './reset.js';

/** Where a connection begins, or why it cannot. */
export type Place =
  /** No id: here and now, or for some channels at the start of what is retained. */
  | { readonly kind: 'fresh'; readonly floors: ReadonlyMap<string, number> }
  /** The id is a place in this log, and everything after it is there. */
  | { readonly kind: 'resumed'; readonly seq: number }
  /** The id is a place in this log, but these channels have lost entries after it. */
  | { readonly kind: 'trimmed'; readonly seq: number; readonly channels: readonly string[] }
  /** The id is no place in this log. */
  | { readonly kind: 'lost'; readonly id: string; readonly reason: ResetReason }
  /** The log moved while it was looked at: ask again. */
  | { readonly kind: 'moved' };

/** Waits until this process tails the store and its tail has reached the id's place: a client may come from a process that is ahead. */
export async function findPlace(hub: HubCore, following: Following, id: string | undefined): Promise<Place> {
  const { log } = hub;
  await log.connected();
  if (id === undefined) {
    const earliest = following.namesWhere(({ from }) => from === 'earliest');
    return { kind: 'fresh', floors: earliest.length > 0 ? await floorsOf(hub.options.store, earliest) : NONE };
  }
  const position = parseEventId(id);
  const problem = position ? await log.locate(position) : 'malformed';
  if (!position || problem) return { kind: 'lost', id, reason: problem ?? 'malformed' };
  const { seq } = position;
  if (following.channels.every((channel) => log.ring.covers(channel, seq))) return { kind: 'resumed', seq };
  const stretch = await hub.replay.fromStore(following.channels, seq);
  if (!stretch) return { kind: 'moved' };
  const { floorOf } = stretch;
  const channels = floorOf ? following.namesWhere(({ channel }) => floorOf(channel) > seq) : [];
  return channels.length > 0 ? { kind: 'trimmed', seq, channels } : { kind: 'resumed', seq };
}

const NONE: ReadonlyMap<string, number> = new Map();
