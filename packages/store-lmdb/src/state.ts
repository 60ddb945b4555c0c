/** Snapshots, cursors and items: what a log keeps beside its entries. Each function is a part of one transaction. */
import type { ChannelItems, Position, StoredCursor, StoredSnapshot } from '@headwater/core';
import { type Keeping, wrongPosition } from '@headwater/core/store-kit';
import type { Draft } from './draft.js';
import { metaKey, prefixRange, secondOf } from './keys.js';
import type { LogTables } from './log-tables.js';
import { decodeNote, type Head, type Note } from './records.js';
import { Shelf } from './shelf.js';

/** Clients name themselves, so their number is bounded: a million of them are some 200 MB. The one that was silent longest goes. */
const MAX_CURSORS = 1_000_000;

/** @throws SseError `ERR_SSE_POSITION` where `at` is not valid, or below the channel's floor. */
export function saveSnapshot(
  draft: Draft,
  channel: string,
  { at, data, time }: StoredSnapshot,
  keeping: Keeping,
): void {
  const floor = draft.floorOf(channel);
  if (!isValid(draft.log, draft.head, at) || at.seq < floor) {
    const why = at.seq < floor ? `is below the channel's floor ${floor}` : undefined;
    throw wrongPosition(`save a snapshot of channel "${channel}"`, at, why);
  }
  const key = metaKey('snapshot', channel);
  const known = draft.snapshots.find(key);
  const kept = known && usable(draft.log, draft.head, known, floor, draft.now - keeping.snapshotTtlMs);
  if (kept && kept.at.seq > at.seq) return;
  draft.open(channel);
  draft.snapshots.keep(key, { at, time, text: data }, known);
}

export function loadSnapshot(
  log: LogTables,
  channel: string,
  now: number,
  keeping: Keeping,
): StoredSnapshot | undefined {
  const head = log.head();
  const known = new Shelf(log.tables.meta, 'snapshot').find(metaKey('snapshot', channel));
  const floor = log.channel(channel)?.floor ?? head.forgotten;
  const kept = known && usable(log, head, known, floor, now - keeping.snapshotTtlMs);
  return kept && { at: kept.at, data: kept.text, time: kept.time };
}

/** Ids to JSON, and the head at which that is so. */
export function loadItems(log: LogTables, channel: string): ChannelItems {
  const head = log.head();
  const items = new Map<string, string>();
  for (const { key, value } of log.tables.meta.getRange(prefixRange('item', channel))) {
    items.set(secondOf(key), decodeNote(value, `an item of channel "${channel}"`).text);
  }
  const epoch = head.epochsStamp === 0 ? '' : (log.epochs(head).at(head.seq) ?? '');
  return { at: { epoch, seq: head.seq }, items };
}

/** @throws SseError `ERR_SSE_POSITION` where its `at` is not valid. */
export function saveCursor(draft: Draft, name: string, { at, time }: StoredCursor, keeping: Keeping): void {
  if (!isValid(draft.log, draft.head, at)) throw wrongPosition('save a cursor', at);
  const key = metaKey('cursor', name);
  const known = draft.cursors.find(key);
  const kept = known && known.time > draft.now - keeping.cursorTtlMs ? known : undefined;
  const isBehind = kept && kept.at.seq > at.seq && isValid(draft.log, draft.head, kept.at);
  const note = { at: isBehind ? kept.at : at, time: Math.max(time, kept?.time ?? 0), text: '' };
  draft.cursors.keep(key, note, known);
  if (!known) draft.head.cursors++;
  if (draft.head.cursors > MAX_CURSORS) draft.head.cursors -= draft.cursors.drop(Number.POSITIVE_INFINITY, 1);
}

export function loadCursor(log: LogTables, name: string, now: number, keeping: Keeping): StoredCursor | undefined {
  const known = new Shelf(log.tables.meta, 'cursor').find(metaKey('cursor', name));
  return known && known.time > now - keeping.cursorTtlMs ? { at: known.at, time: known.time } : undefined;
}

function usable(log: LogTables, head: Head, note: Note, floor: number, expired: number): Note | undefined {
  return note.time > expired && note.at.seq >= floor && isValid(log, head, note.at) ? note : undefined;
}

function isValid(log: LogTables, head: Head, at: Position): boolean {
  return head.epochsStamp !== 0 && log.epochs(head).problem(at, head.seq) === undefined;
}
