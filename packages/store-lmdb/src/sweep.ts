/**
 * The sweep: what time alone does to a log. It looks in a read transaction, and writes only where there is something to do, so
 * an idle log costs no disk.
 * Invariant: whatever it found is judged again in the write transaction: another process may have swept meanwhile.
 */
import type { Keeping } from '@headwater/core/store-kit';
import type { Draft } from './draft.js';
import { metaKey } from './keys.js';
import type { LogTables } from './log-tables.js';
import type { ChannelRecord } from './records.js';
import { Shelf } from './shelf.js';
import { isOver } from './trim.js';

/** Notes of one kind that one transaction drops. */
const DROPPED_AT_MOST = 2_000;

/** What a round found to be done. */
export interface Chores {
  readonly channels: readonly string[];
  /** Where the next round goes on, undefined at the beginning. */
  readonly next: string | undefined;
  readonly isNeeded: boolean;
}

/** Looks at `most` channels after `from`, in an order of its own. */
export function findChores(
  log: LogTables,
  keeping: Keeping,
  now: number,
  from: string | undefined,
  most: number,
): Chores {
  const channels: string[] = [];
  let looked = 0;
  let next: string | undefined;
  for (const [name, channel] of log.channels(from)) {
    if (isDue(log, name, channel, keeping, now)) channels.push(name);
    if (++looked < most) continue;
    next = name;
    break;
  }
  const { meta } = log.tables;
  const hasExpired = expiring(keeping, now).some(([kind, time]) => new Shelf(meta, kind).before(time, 1).length > 0);
  return { channels, next, isNeeded: hasExpired || channels.length > 0 };
}

/** Does them. */
export function sweep(draft: Draft, { channels }: Chores, keeping: Keeping): void {
  for (const [kind, time] of expiring(keeping, draft.now)) {
    const dropped = new Shelf(draft.log.tables.meta, kind).drop(time, DROPPED_AT_MOST);
    if (kind === 'cursor') draft.head.cursors -= dropped;
  }
  for (const name of channels) {
    if (!draft.channel(name)) continue;
    draft.trim(name);
    const channel = draft.channel(name) as ChannelRecord;
    if (isForgettable(draft.log, name, channel, keeping, draft.now)) draft.forget(name, channel);
  }
}

/** Notes of these times and before are expired. */
function expiring({ keyTtlMs, snapshotTtlMs, cursorTtlMs }: Keeping, now: number) {
  return [
    ['key', now - keyTtlMs],
    ['snapshot', now - snapshotTtlMs],
    ['cursor', now - cursorTtlMs],
  ] as const;
}

function isDue(log: LogTables, name: string, channel: ChannelRecord, keeping: Keeping, now: number): boolean {
  return isOver(channel, keeping.boundsOf(name), now) || isForgettable(log, name, channel, keeping, now);
}

/** The floor of a forgotten channel rises with every other one that is forgotten, and would soon be above its snapshot. */
function isForgettable(log: LogTables, name: string, channel: ChannelRecord, keeping: Keeping, now: number): boolean {
  if (channel.count > 0 || now - channel.touched < keeping.forgetAfterMs) return false;
  return !new Shelf(log.tables.meta, 'snapshot').has(metaKey('snapshot', name));
}
