/**
 * Trimming: what retention takes off a channel, within a write transaction.
 * Invariant: the oldest entries go first, and the channel's floor is the last of them.
 */
import { hasCode } from '@headwater/core';
import type { Bounds } from '@headwater/core/store-kit';
import type { Span } from './block.js';
import type { BlockWriter } from './block-writer.js';
import type { LogTables } from './log-tables.js';
import type { ChannelRecord } from './records.js';
import { damaged } from './seal.js';

/** Entries that one transaction trims, some milliseconds' work; where a bound was lowered, the sweep does the rest. */
const TRIMMED_AT_MOST = 2_000;

/** What goes at a time. */
interface Part {
  /** Of the last entry. */
  readonly seq: number;
  readonly time: number;
  readonly entries: number;
  readonly bytes: number;
}

/** Whether the channel's oldest entry is beyond a bound. */
export function isOver({ count, bytes, oldest }: ChannelRecord, bounds: Bounds, now: number): boolean {
  return count > 0 && (count > bounds.count || bytes > bounds.bytes || now - oldest > bounds.ageMs);
}

/**
 * Trims a channel until it is within its bounds, up to a limit. What it says of itself is changed in place.
 * @throws SseError `ERR_SSE_STORE` where it has fewer entries than it says.
 */
export function trim(
  log: LogTables,
  blocks: BlockWriter,
  name: string,
  channel: ChannelRecord,
  bounds: Bounds,
  now: number,
): void {
  if (!isOver(channel, bounds, now)) return;
  // Not while the range is read.
  for (const { last } of due(log, name, channel, bounds, now)) {
    if (last <= channel.floor) blocks.remove(last, channel.id);
    else blocks.cut(log.block(last), channel.floor, channel.id);
  }
}

/** The blocks of which entries have to go. The channel forgets these. */
function due(log: LogTables, name: string, channel: ChannelRecord, bounds: Bounds, now: number): readonly Span[] {
  const spans: Span[] = [];
  let gone = 0;
  for (const span of log.spans(channel.id, 0, TRIMMED_AT_MOST + 1)) {
    for (const { seq, time, entries, bytes } of parts(log, span)) {
      channel.oldest = time;
      if (gone >= TRIMMED_AT_MOST || !isOver(channel, bounds, now)) return spans;
      if (spans.at(-1) !== span) spans.push(span);
      gone += entries;
      channel.count -= entries;
      channel.bytes -= bytes;
      channel.floor = seq;
    }
  }
  if (channel.count > 0) throw damaged(`channel "${name}" has ${channel.count} entries fewer than it says`);
  return spans;
}

/** A block entry by entry; as a whole where it is damaged, which nobody can read any more. */
function parts(log: LogTables, { first, last, bytes }: Span): readonly Part[] {
  try {
    return log.block(last).map(({ seq, time, body }) => ({ seq, time, entries: 1, bytes: body.byteLength }));
  } catch (error) {
    if (!hasCode(error, 'ERR_SSE_STORE')) throw error;
    return [{ seq: last, time: 0, entries: last - first + 1, bytes }];
  }
}
