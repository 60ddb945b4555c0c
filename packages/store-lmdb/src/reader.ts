/**
 * What is read in one transaction: pages, and whether the log is in order.
 * Invariant: a page has every retained entry that is due, or it is an error. That holds against a damaged file too: places above
 * every floor must be dense, and each entry must name the one before it in its channel.
 */
import type { Entry, Page } from '@headwater/core';
import type { Span } from './block.js';
import type { LogTables } from './log-tables.js';
import { type ChannelRecord, type Head, UNKNOWN } from './records.js';
import { damaged } from './seal.js';

/** Blocks of one channel that are looked up together: of many channels fewer, as the page may need but one or two of each. */
const CHUNK = { least: 2, most: 64 } as const;

export function readPage(
  log: LogTables,
  after: number,
  channels: readonly string[] | undefined,
  limit: number,
  maxBytes: number = Number.POSITIVE_INFINITY,
): Page {
  const head = log.head();
  const floors = new Map<string, number>();
  const source = channels
    ? mergeChannels(log, head, after, channels, floors, limit)
    : readAll(log, head, after, floors);
  const entries: Entry[] = [];
  let bytes = 0;
  let isCut = false;
  for (const entry of source) {
    if (entries.length >= limit || (entries.length > 0 && bytes >= maxBytes)) {
      isCut = true;
      break;
    }
    entries.push(entry);
    bytes += entry.body.byteLength;
  }
  const upTo = isCut ? (entries.at(-1)?.seq ?? after) : head.seq;
  return { entries, upTo, floors, forgotten: head.forgotten };
}

/** Every entry after `after`. */
function* readAll(log: LogTables, head: Head, after: number, floors: Map<string, number>): IterableIterator<Entry> {
  if (head.trimmed > after) {
    for (const [name, { floor }] of log.channels()) if (floor > after) floors.set(name, floor);
  }
  // Up to the highest floor entries may be missing, above it none.
  let dense = Math.max(after, head.trimmed);
  for (const entry of log.entries(after)) {
    if (entry.seq > dense + 1 || entry.seq > head.seq) throw damaged(`entry ${dense + 1} is missing`);
    if (entry.seq > dense) dense = entry.seq;
    yield entry;
  }
  if (dense < head.seq) throw damaged(`entry ${dense + 1} is missing`);
}

/** The entries of these channels after `after`, in the order of the log. Their floors go into `floors`. */
function* mergeChannels(
  log: LogTables,
  head: Head,
  after: number,
  names: readonly string[],
  floors: Map<string, number>,
  limit: number,
): IterableIterator<Entry> {
  const sources: Source[] = [];
  const share = Math.ceil((2 * (limit + 1)) / (names.length || 1));
  const chunk = Math.min(Math.max(share, CHUNK.least), CHUNK.most, limit + 1);
  for (const name of names) {
    if (floors.has(name)) continue;
    const channel = log.channel(name);
    floors.set(name, channel ? channel.floor : head.forgotten);
    if (!channel || channel.count === 0 || (channel.last !== UNKNOWN && channel.last <= after)) continue;
    const source = new Source(log, name, channel, after, chunk);
    if (source.next < END) sources.push(source);
  }
  // The one whose entry comes next is the last.
  sources.sort((a, b) => b.next - a.next);
  for (let source = sources.pop(); source; source = sources.pop()) {
    yield source.take();
    if (source.next < END) sources.splice(placeOf(source.next, sources), 0, source);
  }
}

/** Where a source with that next seq belongs. */
function placeOf(seq: number, sources: readonly Source[]): number {
  let low = 0;
  let high = sources.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((sources[middle] as Source).next > seq) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** The seq after every other. */
const END = Number.POSITIVE_INFINITY;

/** The entries of one channel, along the index. A block is read when the first of its entries is taken. */
class Source {
  readonly #log: LogTables;
  readonly #name: string;
  readonly #channel: ChannelRecord;
  readonly #chunk: number;
  #spans: Span[] = [];
  /** The span at hand. */
  #at = 0;
  #block: readonly Entry[] | undefined;
  /** The place up to which nothing is due any more. */
  #passed: number;
  /** The seq of the next entry, {@link END} without one. */
  next: number = END;

  constructor(log: LogTables, name: string, channel: ChannelRecord, after: number, chunk: number) {
    this.#log = log;
    this.#name = name;
    this.#channel = channel;
    this.#chunk = chunk;
    this.#passed = Math.max(after, channel.floor);
    this.#fill(after);
  }

  take(): Entry {
    const { first, last } = this.#spans[this.#at] as Span;
    this.#block ??= this.#log.block(last);
    const entry = this.#block[this.next - first];
    if (entry?.seq !== this.next) throw damaged(`the block up to entry ${last} is not what its index says`);
    if (entry.channel !== this.#name) throw damaged(`entry ${entry.seq} is of another channel than its index says`);
    if (entry.prev !== undefined && entry.prev > this.#passed) {
      throw damaged(`entry ${entry.prev} of channel "${this.#name}" is missing`);
    }
    this.#passed = entry.seq;
    if (entry.seq < last) this.next++;
    else this.#turn(last);
    return entry;
  }

  /** On to the next block. */
  #turn(after: number): void {
    this.#block = undefined;
    const span = this.#spans[++this.#at];
    if (span) this.next = span.first;
    else this.#fill(after);
  }

  #fill(after: number): void {
    this.#spans = Array.from(this.#log.spans(this.#channel.id, after, this.#chunk));
    this.#at = 0;
    const [span] = this.#spans;
    this.next = span ? Math.max(span.first, after + 1) : END;
    const { last } = this.#channel;
    if (!span && last > this.#passed) throw damaged(`entry ${last} of channel "${this.#name}" is missing`);
  }
}

/** Whether what the log knows of itself fits together: asked once, when it is opened. @throws SseError `ERR_SSE_STORE` */
export function checkLog(log: LogTables): void {
  const head = log.head();
  const newest = log.newest();
  if (newest > head.seq) throw damaged(`there is an entry ${newest} above the head ${head.seq}`);
  if (newest > 0) log.block(newest);
  if (Math.max(newest, head.trimmed) < head.seq) throw damaged(`entry ${head.seq}, the newest, is missing`);
  if (head.epochsStamp !== 0) log.epochs(head);
  for (const [name, { id, floor, last }] of log.channels()) {
    if (last > head.seq || floor > Math.max(head.trimmed, head.forgotten) || id >= head.nextChannel) {
      throw damaged(`channel "${name}" (last ${last}, floor ${floor}) does not fit the head ${head.seq}`);
    }
  }
}
