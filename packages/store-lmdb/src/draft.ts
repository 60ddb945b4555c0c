/**
 * Draft: the log within one write transaction.
 * Invariant: head and channels are read once, changed here and put back by `flush`; between the two nobody else reads them.
 * Everything that can be refused is refused before the first write of a call, so one call's refusal leaves the others' work alone.
 */
import { type Appended, type Entry, EpochList, type EpochStart, type LogState, type NewEntry } from '@headwater/core';
import type { AppendCall, Keeping, Outcome } from '@headwater/core/store-kit';
import { BlockWriter } from './block-writer.js';
import { checkFence, encodeEpochs } from './epoch-cache.js';
import { EPOCHS, HEAD, metaKey } from './keys.js';
import type { LogTables } from './log-tables.js';
import { type ChannelRecord, encodeChannel, encodeHead, encodeNote, type Head, UNKNOWN } from './records.js';
import { Shelf } from './shelf.js';
import { trim } from './trim.js';

/** Clients whose id is this many connects of a process old still resume. At some 30 bytes each it costs nothing. */
const KEPT_EPOCHS = 1_000;

export class Draft {
  readonly log: LogTables;
  readonly head: Head;
  readonly now: number;
  readonly keys: Shelf;
  readonly snapshots: Shelf;
  readonly cursors: Shelf;
  readonly #keeping: Keeping;
  readonly #blocks: BlockWriter;
  readonly #channels: Map<string, ChannelRecord> = new Map();

  /** Within a write transaction only. */
  constructor(log: LogTables, keeping: Keeping, now: number) {
    this.log = log;
    this.head = log.head();
    this.now = now;
    const { meta } = log.tables;
    this.keys = new Shelf(meta, 'key');
    this.snapshots = new Shelf(meta, 'snapshot');
    this.cursors = new Shelf(meta, 'cursor');
    this.#keeping = keeping;
    this.#blocks = new BlockWriter(log.tables);
  }

  /** Commits nothing: writes what has changed into the transaction. */
  flush(): void {
    const { meta } = this.log.tables;
    meta.putSync(HEAD, encodeHead(this.head));
    for (const [name, channel] of this.#channels) meta.putSync(metaKey('channel', name), encodeChannel(channel));
  }

  startEpoch(epoch: string): LogState {
    const before = this.head.epochsStamp === 0 ? [] : this.log.epochs(this.head).toArray();
    let epochs = new EpochList(before);
    epochs.begin(epoch, before.length === 0 ? 0 : this.head.seq + 1);
    if (before.length >= KEPT_EPOCHS) epochs = this.#prune(epochs.toArray());
    this.log.tables.meta.putSync(EPOCHS, encodeEpochs(epochs));
    this.head.epochsStamp = 1 + Math.floor(Math.random() * (2 ** 52 - 1));
    return { head: this.head.seq, epochs: epochs.toArray() };
  }

  /**
   * Each call keeps its own fence and its own outcome. What was written goes into `written`, in the order of the log. Where an epoch
   * is given it begins before the first entry, if there is one.
   */
  append(calls: readonly AppendCall[], written: Entry[], begins?: string): Outcome[] {
    const touched = new Set<string>();
    let toBegin = begins;
    const outcomes = calls.map((call) => {
      const outcome = this.#appendCall(call, written, touched, toBegin);
      if (!(outcome instanceof Error)) toBegin = undefined;
      return outcome;
    });
    this.#blocks.flush();
    for (const name of touched) this.trim(name);
    return outcomes;
  }

  /** The channel's record, to be changed in place; undefined where it is not known. */
  channel(name: string): ChannelRecord | undefined {
    const known = this.#channels.get(name) ?? this.log.channel(name);
    if (known) this.#channels.set(name, known);
    return known;
  }

  /** The channel, known from now on. */
  open(name: string): ChannelRecord {
    const known = this.channel(name);
    if (known) return known;
    const { forgotten } = this.head;
    const channel = {
      id: this.head.nextChannel++,
      floor: forgotten,
      last: forgotten === 0 ? 0 : UNKNOWN,
      count: 0,
      bytes: 0,
      oldest: 0,
      touched: this.now,
    };
    this.#channels.set(name, channel);
    return channel;
  }

  floorOf(name: string): number {
    return this.channel(name)?.floor ?? this.head.forgotten;
  }

  /** Drops what is known of a channel without entries. */
  forget(name: string, channel: ChannelRecord): void {
    this.head.forgotten = Math.max(this.head.forgotten, channel.floor);
    this.#channels.delete(name);
    this.log.tables.meta.removeSync(metaKey('channel', name));
  }

  /** Trims the channel's oldest entries until it is within its bounds, up to a limit. */
  trim(name: string): void {
    const channel = this.open(name);
    trim(this.log, this.#blocks, name, channel, this.#keeping.boundsOf(name), this.now);
    this.head.trimmed = Math.max(this.head.trimmed, channel.floor);
  }

  #appendCall({ entries, at }: AppendCall, written: Entry[], touched: Set<string>, begins?: string): Outcome {
    try {
      const epochs = this.head.epochsStamp === 0 ? new EpochList() : this.log.epochs(this.head);
      checkFence(epochs, 'append', at, this.head.seq);
      // `retentionOf` may fail.
      for (const { channel } of entries) this.#keeping.boundsOf(channel);
      if (begins !== undefined) this.startEpoch(begins);
      const epoch = begins ?? (epochs.at(Number.POSITIVE_INFINITY) as string);
      return entries.map((entry) => this.#appendEntry(entry, epoch, written, touched));
    } catch (error) {
      // Of what was refused nothing is written yet; anything else ends the transaction.
      if (isRefusal(error)) return error as Error;
      throw error;
    }
  }

  #appendEntry(entry: NewEntry, epoch: string, written: Entry[], touched: Set<string>): Appended {
    const key = entry.key === undefined ? undefined : metaKey('key', entry.channel, entry.key);
    const noted = key && this.keys.find(key);
    if (noted && this.now - noted.time < this.#keeping.keyTtlMs) return { ...noted.at, duplicate: true };
    const channel = this.open(entry.channel);
    const seq = ++this.head.seq;
    const { last } = channel;
    const stored: Entry = {
      seq,
      epoch,
      channel: entry.channel,
      prev: last === UNKNOWN ? undefined : last,
      time: entry.time,
      body: entry.body,
    };
    const bytes = entry.body.byteLength;
    this.#blocks.add(stored, channel.id);
    if (channel.count === 0) channel.oldest = entry.time;
    channel.count++;
    channel.bytes += bytes;
    channel.last = seq;
    channel.touched = this.now;
    touched.add(entry.channel);
    written.push(stored);
    if (key) this.keys.keep(key, { at: { epoch, seq }, time: this.now, text: '' }, noted);
    if (entry.item) this.#change(entry.channel, entry.item);
    return { epoch, seq, duplicate: false };
  }

  #change(channel: string, { id, json }: NonNullable<NewEntry['item']>): void {
    const { meta } = this.log.tables;
    const name = metaKey('item', channel, id);
    if (json === undefined) meta.removeSync(name);
    else meta.putSync(name, encodeNote({ at: { epoch: '', seq: this.head.seq }, time: this.now, text: json }));
  }

  /** What no entry, no snapshot and no id of the last connects needs any more. */
  #prune(epochs: readonly EpochStart[]): EpochList {
    // An epoch whose successor began at the same place was never in force anywhere, so no id carries it.
    const starts = epochs.filter(({ start }, i) => epochs[i + 1]?.start !== start);
    const pruned = new EpochList(starts);
    pruned.prune(Math.min(starts.at(-KEPT_EPOCHS)?.start ?? 0, this.#oldestNeeded()));
    return pruned;
  }

  #oldestNeeded(): number {
    let oldest = this.head.seq;
    for (const { seq } of this.log.entries(0)) {
      oldest = seq;
      break;
    }
    for (const { key } of this.snapshots.before(Number.POSITIVE_INFINITY, Number.MAX_SAFE_INTEGER)) {
      oldest = Math.min(oldest, this.snapshots.find(key)?.at.seq ?? oldest);
    }
    return oldest;
  }
}

/** An error that says no to one call, before its first write. */
function isRefusal(error: unknown): boolean {
  const code = (error as { code?: unknown }).code;
  return code === 'ERR_SSE_FENCED' || code === 'ERR_SSE_CALLBACK';
}
