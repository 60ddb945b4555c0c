/**
 * MemoryLog: a whole log in memory, without promises, timers or a clock. What a store must do in one transaction is one call.
 * Invariant: an entry that was appended and not lost is either retained, in `#order` and in its channel, or at or below its
 * channel's floor.
 */

import type {
  Appended,
  ChannelItems,
  Entry,
  LogState,
  NewEntry,
  Page,
  Position,
  StoredCursor,
  StoredSnapshot,
} from '../store.js';
import { wrongPosition } from '../store-kit/errors.js';
import { type MemoryChannel, UNKNOWN } from './channel.js';
import { MemoryChannels } from './channels.js';
import { CursorShelf } from './cursors.js';
import { EntryList, mergeAfter } from './entry-list.js';
import { MemoryEpochs } from './epochs.js';
import { ItemShelf } from './items.js';
import { KeyWindow } from './keys.js';
import { type MemoryBounds, type MemoryStoreOptions, resolveOptions } from './options.js';
import { SnapshotShelf } from './snapshots.js';

/** What one append did: the answer to its caller, and what the tails are to be told. */
export interface Written {
  readonly appended: readonly Appended[];
  readonly entries: readonly Entry[];
}

export class MemoryLog {
  readonly #bounds: MemoryBounds;
  readonly #epochs: MemoryEpochs = new MemoryEpochs();
  readonly #channels: MemoryChannels;
  readonly #keys: KeyWindow;
  readonly #snapshots: SnapshotShelf;
  readonly #items: ItemShelf = new ItemShelf();
  readonly #cursors: CursorShelf;
  /** Every retained entry, whatever its channel. */
  readonly #order: EntryList = new EntryList();
  #head = 0;
  /** How far the sweep has come. */
  #round: Iterator<MemoryChannel> | undefined;

  /** @throws TypeError, RangeError for wrong options. */
  constructor(options: MemoryStoreOptions = {}) {
    this.#bounds = resolveOptions(options);
    this.#channels = new MemoryChannels(this.#bounds.boundsOf);
    this.#keys = new KeyWindow(this.#bounds.keyTtlMs);
    this.#snapshots = new SnapshotShelf(this.#bounds.snapshotTtlMs);
    this.#cursors = new CursorShelf(this.#bounds.cursorTtlMs);
  }

  /** True while there is nothing that time could change. */
  get isIdle(): boolean {
    return this.#channels.size === 0 && this.#keys.size === 0 && this.#cursors.size === 0;
  }

  startEpoch(epoch: string): LogState {
    this.#epochs.start(epoch, this.#head, () => Math.min(this.#order.first?.seq ?? this.#head, this.#snapshots.oldest));
    return this.state();
  }

  state(): LogState {
    return { head: this.#head, epochs: this.#epochs.toArray() };
  }

  /** @throws SseError `ERR_SSE_FENCED` where `at` is not valid, `ERR_SSE_CALLBACK` where `retentionOf` fails. Nothing is written then. */
  append(entries: readonly NewEntry[], at: Position, now: number): Written {
    this.#epochs.fence('append', at, this.#head);
    // All or nothing: everything that can fail stands before the first write.
    for (const { channel } of entries) this.#channels.open(channel, now);
    const epoch = this.#epochs.current as string;
    const written: Entry[] = [];
    const appended: Appended[] = [];
    for (const entry of entries) {
      const known = entry.key === undefined ? undefined : this.#keys.find(entry.channel, entry.key, now);
      appended.push({
        epoch: known ? known.epoch : epoch,
        seq: known ? known.seq : this.#write(entry, epoch, now, written),
        duplicate: known !== undefined,
      });
    }
    if (this.#channels.cost > this.#bounds.maxTotalBytes) this.#shed();
    return { appended, entries: written };
  }

  read(
    after: number,
    channels: readonly string[] | undefined,
    limit: number,
    maxBytes: number = Number.POSITIVE_INFINITY,
  ): Page {
    const floors = channels ? new Map<string, number>() : this.#channels.floorsAbove(after);
    const lists = channels ? this.#channels.pick(channels, floors) : [this.#order];
    // One more than asked for: only what the limit leaves out tells whether it cut the page.
    const entries = mergeAfter(lists, after, limit + 1);
    const most = Math.min(limit, countWithin(entries, maxBytes));
    const isCut = entries.length > most;
    if (isCut) entries.length = most;
    const upTo = isCut ? (entries.at(-1)?.seq ?? after) : this.#head;
    return { entries, upTo, floors, forgotten: this.#channels.forgotten };
  }

  /** Every entry after `from`. @throws SseError `ERR_SSE_FENCED` where `from` is not valid, `ERR_SSE_POSITION` where some were trimmed. */
  since(from: Position): Entry[] {
    this.#epochs.fence('tail', from, this.#head);
    const { trimmed } = this.#channels;
    if (trimmed <= from.seq) return this.#order.after(from.seq, Number.POSITIVE_INFINITY);
    throw wrongPosition('tail', from, `is below seq ${trimmed}, up to which entries were trimmed`);
  }

  /** @throws SseError `ERR_SSE_POSITION` where `at` is not valid, or below the channel's floor. */
  saveSnapshot(channel: string, snapshot: StoredSnapshot, now: number): void {
    const { at } = snapshot;
    const floor = this.#channels.floorOf(channel);
    if (!this.#epochs.isValid(at, this.#head) || at.seq < floor) {
      const why = at.seq < floor ? `is below the channel's floor ${floor}` : undefined;
      throw wrongPosition(`save a snapshot of channel "${channel}"`, at, why);
    }
    const kept = this.loadSnapshot(channel, now);
    if (kept && kept.at.seq > at.seq) return;
    this.#channels.open(channel, now);
    this.#snapshots.keep(channel, snapshot);
  }

  loadSnapshot(channel: string, now: number): StoredSnapshot | undefined {
    const kept = this.#snapshots.find(channel, now);
    if (!kept || kept.at.seq < this.#channels.floorOf(channel)) return undefined;
    return this.#epochs.isValid(kept.at, this.#head) ? kept : undefined;
  }

  loadItems(channel: string): ChannelItems | undefined {
    const items = this.#items.of(channel);
    return items && { at: { epoch: this.#epochs.at(this.#head), seq: this.#head }, items };
  }

  /** @throws SseError `ERR_SSE_POSITION` where its `at` is not valid. */
  saveCursor(key: string, cursor: StoredCursor, now: number): void {
    if (!this.#epochs.isValid(cursor.at, this.#head)) throw wrongPosition('save a cursor', cursor.at);
    const kept = this.#cursors.find(key, now);
    const isBehind = kept && kept.at.seq > cursor.at.seq && this.#epochs.isValid(kept.at, this.#head);
    this.#cursors.keep(key, {
      at: isBehind ? kept.at : cursor.at,
      time: Math.max(cursor.time, kept?.time ?? 0),
    });
  }

  loadCursor(key: string, now: number): StoredCursor | undefined {
    return this.#cursors.find(key, now);
  }

  /** Applies retention by age and drops old keys, old snapshots and idle channels. Looks at `most` channels, the next time at the next. */
  sweep(now: number, most: number = Number.POSITIVE_INFINITY): void {
    this.#keys.expire(now);
    this.#cursors.expire(now);
    let round = most === Number.POSITIVE_INFINITY ? undefined : this.#round;
    round ??= this.#channels.values();
    this.#round = round;
    for (let looked = 0; looked < most; looked++) {
      const { done, value } = round.next();
      if (done) {
        this.#round = undefined;
        return;
      }
      this.#tidy(value, now);
    }
  }

  /** A fault, for simulations: everything above `toSeq` is lost, as when an older copy of the log takes over. */
  rollback(toSeq: number): void {
    if (toSeq > this.#head) return;
    this.#channels.rollback(toSeq);
    this.#order.cut(toSeq);
    this.#keys.rollback(toSeq);
    this.#snapshots.rollback(toSeq);
    this.#items.rollback(toSeq);
    this.#epochs.rollback(toSeq);
    this.#head = toSeq;
  }

  /** A fault, for simulations: everything is lost, the epochs too. */
  wipe(): void {
    this.#channels.clear();
    this.#order.clear();
    this.#keys.clear();
    this.#snapshots.clear();
    this.#items.clear();
    this.#cursors.clear();
    this.#epochs.clear();
    this.#head = 0;
  }

  #write({ channel: name, body, time, key, item }: NewEntry, epoch: string, now: number, written: Entry[]): number {
    const channel = this.#channels.open(name, now);
    const seq = ++this.#head;
    const entry = { seq, epoch, channel: name, prev: channel.last === UNKNOWN ? undefined : channel.last, time, body };
    this.#channels.push(channel, entry, now);
    this.#order.push(entry);
    written.push(entry);
    if (key !== undefined) this.#keys.note(name, key, { epoch, seq }, now);
    if (item) this.#items.change(name, item, seq);
    while (channel.isOver(now)) this.#trim(channel);
    return seq;
  }

  #trim(channel: MemoryChannel): void {
    this.#order.remove(this.#channels.trim(channel).seq);
  }

  /** Trims the channels that hold the most until all together are within the total bound. */
  #shed(): void {
    const level = this.#channels.levelWithin(this.#bounds.maxTotalBytes);
    for (const channel of this.#channels.values()) while (channel.cost > level) this.#trim(channel);
  }

  #tidy(channel: MemoryChannel, now: number): void {
    while (channel.isOver(now)) this.#trim(channel);
    // The floor of a forgotten channel rises with every other one that is forgotten, and would soon be above its snapshot.
    if (this.#snapshots.find(channel.name, now) || channel.entries.size > 0) return;
    if (now - channel.touched >= this.#bounds.forgetAfterMs) this.#channels.forget(channel);
  }
}

/** How many of `entries` make a page of `maxBytes`. */
function countWithin(entries: readonly Entry[], maxBytes: number): number {
  let bytes = 0;
  for (const [index, { body }] of entries.entries()) {
    bytes += body.byteLength;
    if (bytes >= maxBytes) return index + 1;
  }
  return entries.length;
}
