/**
 * Journal: what the records of the stream make of the log, in the memory of this process: head, epochs, keys, and an index of
 * channels. It knows everything but the bodies. Pure: the stream is read and written elsewhere.
 *
 * Why so: JetStream orders messages, and can refuse one unless the stream ends where its writer believes. That is the whole
 * transaction. Whatever a write has to be checked against (the fence, the keys, the previous entry of the channel) is therefore
 * checked here, against a journal that is known to end where the stream does, and the server confirms that it still does in
 * the step in which it stores. Seqs are counted by the records themselves, so that they stay dense where a message holds many
 * entries, and none (an epoch).
 * Invariant: the journal is a function of the records up to `position`, of what was trimmed, and of nothing else.
 */
import { EpochList, type LogState, type Position } from '@headwater/core';
import type { Bounds } from '@headwater/core/store-kit';
import { Channels } from './channels.js';
import { KeyWindow, keyId } from './key-window.js';
import type { LogRecord, TablePart } from './record.js';
import { type Purgeable, RecordIndex } from './record-index.js';
import { Retained } from './retained.js';

/** As much as anybody may come back from: each process begins one with each connection. */
const MAX_EPOCHS = 512;

/** What became of a message: it was taken, was known already, or does not follow the record before it. */
export type Applied = 'taken' | 'known' | 'stranger';

/** The entries of a page, before their bodies are there. */
export interface Selection {
  readonly seqs: readonly number[];
  readonly upTo: number;
  readonly floors: ReadonlyMap<string, number>;
  readonly forgotten: number;
}

export class Journal {
  readonly #bounds: Bounds;
  readonly keys: KeyWindow;
  readonly channels: Channels = new Channels();
  readonly records: RecordIndex = new RecordIndex();
  #retained: Retained;
  epochs: EpochList = new EpochList();
  head = 0;
  /** The stream's sequence up to which it was read. */
  position: number;
  /** The id of the last record, empty before the first. */
  lastId = '';
  /** Where that one is. */
  lastPosition = 0;
  /** The head before the first record that was there when the journal began; what came before is not known. */
  #beginning = 0;
  #parts: TablePart[] = [];

  /** `before` is the stream's sequence before its first message. */
  constructor(bounds: Bounds, keyTtlMs: number, before: number) {
    this.#bounds = bounds;
    this.keys = new KeyWindow(keyTtlMs);
    this.#retained = new Retained(bounds, 0);
    this.position = before;
  }

  /** The highest seq trimmed from the log. */
  get trimmed(): number {
    return this.#retained.floor;
  }

  get state(): LogState {
    return { head: this.head, epochs: this.epochs.toArray() };
  }

  /** The epoch of the next entry. */
  get epoch(): string {
    return this.epochs.at(Number.MAX_SAFE_INTEGER) ?? '';
  }

  isValid(at: Position): boolean {
    return this.epochs.problem(at, this.head) === undefined;
  }

  /** Where an epoch that is begun now begins. */
  nextStart(): number {
    return this.epochs.at(this.head) === undefined ? this.head : this.head + 1;
  }

  /** Takes the message at `position`; undefined is one that is no record. @throws Error where it cannot be part of this log. */
  apply(record: LogRecord | undefined, position: number): Applied {
    if (position <= this.position) return 'known';
    if (record) {
      const isGap = position !== this.position + 1;
      if (this.lastId !== '' && record.parent !== this.lastId && !isGap) return 'stranger';
      if (record.base < this.head) throw new Error(`record ${position} begins at ${record.base}, below ${this.head}`);
      if (record.base > this.head) this.#lose(record.base);
      this.#take(record, position);
    }
    this.position = position;
    return 'taken';
  }

  /** Leaves out the message at `position`. */
  skip(position: number): void {
    this.position = position;
  }

  /** The messages up to `position` were deleted: nobody knows what they were, or which one the next follows. */
  miss(position: number): void {
    if (position <= this.position) return;
    this.position = position;
    this.lastId = '';
  }

  /** Trims what is beyond the bounds by now. */
  trim(now: number): void {
    while (this.#retained.isOver(now)) this.#trimOne();
    this.keys.expire(now);
  }

  /** The stream begins at `first`: others have purged what is before. */
  noteFirst(first: number): void {
    const last = this.records.dropBelow(first);
    while (this.trimmed < last) this.#trimOne();
  }

  purgeable(now: number): Purgeable | undefined {
    return this.records.purgeable(this.trimmed, (written) => this.keys.isKnown(written, now));
  }

  /** See `Store.read`. */
  select(after: number, names: readonly string[] | undefined, limit: number, maxBytes: number): Selection {
    const most = Math.min(limit, Number.MAX_SAFE_INTEGER - 1) + 1;
    const found = names ? this.#ofChannels(after, names, most) : this.#ofAll(after, most);
    const seqs = found.slice(0, Math.min(limit, this.#countWithin(found, maxBytes)));
    const isCut = seqs.length < found.length;
    const floors = new Map<string, number>();
    if (names) for (const name of names) floors.set(name, this.channels.floorOf(name));
    else if (this.trimmed > after || this.channels.forgotten > after)
      for (const { name, floor } of this.channels.values()) if (floor > after) floors.set(name, floor);
    return {
      seqs,
      upTo: isCut ? (seqs.at(-1) ?? after) : this.head,
      floors,
      forgotten: this.channels.forgotten,
    };
  }

  #take(record: LogRecord, position: number): void {
    const { id, entries, begins, epoch, written, table } = record;
    if (begins !== undefined) this.#begin(begins, this.nextStart());
    else if (entries.length > 0 && this.epoch !== epoch) this.#begin(epoch, this.nextStart());
    let hasKeys = false;
    for (const { channel, prev, time, size, key } of entries) {
      const seq = ++this.head;
      const { name } = this.channels.push(channel, seq, prev, written);
      // One string for all entries of a channel, instead of each record's own.
      this.#retained.push(name, time, size);
      if (key === undefined) continue;
      hasKeys = true;
      this.keys.add(keyId(channel, key), { seq, epoch, written });
    }
    if (table) this.#takeTable(table);
    this.records.push(position, this.head, hasKeys ? written : 0);
    this.lastId = id;
    this.lastPosition = position;
  }

  #begin(epoch: string, start: number): void {
    this.epochs.begin(epoch, start);
    const all = this.epochs.toArray();
    // Halved, so that it is not done each time.
    if (all.length > MAX_EPOCHS) this.epochs = new EpochList(all.slice(-MAX_EPOCHS / 2));
  }

  #takeTable(table: TablePart): void {
    if (this.#parts[0]?.id !== table.id) this.#parts = [];
    this.#parts.push(table);
    if (this.#parts.length < table.parts) return;
    for (const { channels } of this.#parts) {
      for (const [name, last, touched, floor] of channels)
        this.channels.remember(name, last ?? undefined, touched, floor);
    }
    this.epochs = new EpochList(table.epochs);
    // All that this process has not seen is in the table.
    const { forgotten } = this.channels;
    if (table.covers >= this.#beginning && forgotten === this.#beginning && table.forgotten < forgotten) {
      this.channels.forgotten = table.forgotten;
    }
    this.#parts = [];
  }

  /** Everything up to `seq` is gone, and nobody knows what it was. */
  #lose(seq: number): void {
    this.channels.lose(seq);
    this.#retained = new Retained(this.#bounds, seq);
    this.head = seq;
    this.#beginning = seq;
  }

  #trimOne(): void {
    const channel = this.#retained.shift();
    this.channels.trim(channel, this.trimmed);
  }

  #ofAll(after: number, most: number): number[] {
    const from = Math.max(after, this.trimmed) + 1;
    return Array.from({ length: Math.max(0, Math.min(most, this.head - from + 1)) }, (_, i) => from + i);
  }

  #ofChannels(after: number, names: readonly string[], most: number): number[] {
    const lists = [...new Set(names)].map((name) => this.channels.find(name)?.seqs.after(after, most) ?? []);
    if (lists.length === 1) return lists[0] as number[];
    return lists
      .flat()
      .sort((a, b) => a - b)
      .slice(0, most);
  }

  /** How many of `seqs` make a page of `maxBytes`. */
  #countWithin(seqs: readonly number[], maxBytes: number): number {
    let bytes = 0;
    for (const [index, seq] of seqs.entries()) {
      bytes += this.#retained.sizeOf(seq);
      if (bytes >= maxBytes) return index + 1;
    }
    return seqs.length;
  }
}
