/**
 * The memory log once more, as slowly and plainly as it can be said: one array of all that was ever appended, filtered.
 * The property test compares the two; where they differ one of them has misread the contract.
 */
import type { Appended, Entry, EpochStart, NewEntry, Page, StoredSnapshot } from '../../src/store.js';

interface ModelChannel {
  base: number;
  floor: number;
  touched: number;
  all: Entry[];
}

export const BOUNDS = {
  count: 5,
  bytes: 60,
  ageMs: 3_000,
  keyTtlMs: 4_000,
  forgetAfterMs: 2_000,
  snapshotTtlMs: 9_000,
};

export class Model {
  head = 0;
  epochs: EpochStart[] = [];
  forgotten = 0;
  channels = new Map<string, ModelChannel>();
  keys: { name: string; at: number; epoch: string; seq: number }[] = [];
  snapshots = new Map<string, StoredSnapshot>();

  epochAt(seq: number): string | undefined {
    return this.epochs.findLast(({ start }) => start <= seq)?.epoch;
  }

  startEpoch(epoch: string): void {
    this.epochs.push({ epoch, start: this.epochs.length === 0 ? 0 : this.head + 1 });
  }

  open(name: string, now: number): ModelChannel {
    const made = { base: this.forgotten, floor: this.forgotten, touched: now, all: [] };
    const channel = this.channels.get(name) ?? made;
    this.channels.set(name, channel);
    return channel;
  }

  append(entries: readonly NewEntry[], now: number): Appended[] {
    return entries.map(({ channel: name, body, time, key }) => {
      const channel = this.open(name, now);
      const keyName = `${name} ${key}`;
      const known = key && this.keys.findLast((noted) => noted.name === keyName && now - noted.at < BOUNDS.keyTtlMs);
      if (known) return { epoch: known.epoch, seq: known.seq, duplicate: true };
      const epoch = this.epochs.at(-1)?.epoch as string;
      const seq = ++this.head;
      channel.all.push({ seq, epoch, channel: name, prev: prevOf(channel), time, body });
      channel.touched = now;
      if (key) this.keys.push({ name: keyName, at: now, epoch, seq });
      this.trim(channel, now);
      return { epoch, seq, duplicate: false };
    });
  }

  trim(channel: ModelChannel, now: number): void {
    for (let kept = retained(channel); kept[0]; kept = retained(channel)) {
      const bytes = kept.reduce((sum, { body }) => sum + body.length, 0);
      if (kept.length <= BOUNDS.count && bytes <= BOUNDS.bytes && now - kept[0].time <= BOUNDS.ageMs) return;
      channel.floor = kept[0].seq;
    }
  }

  sweep(now: number): void {
    for (const [name, channel] of this.channels) {
      this.trim(channel, now);
      const isKept = retained(channel).length > 0 || now - channel.touched < BOUNDS.forgetAfterMs;
      if (isKept || now - (this.snapshots.get(name)?.time ?? -Infinity) < BOUNDS.snapshotTtlMs) continue;
      this.forgotten = Math.max(this.forgotten, channel.floor);
      this.channels.delete(name);
    }
  }

  read(after: number, names: readonly string[] | undefined, limit: number): Page {
    const asked = names ?? [...this.channels.keys()];
    const floors = new Map(asked.map((name) => [name, this.channels.get(name)?.floor ?? this.forgotten]));
    if (!names) for (const [name, floor] of floors) if (floor <= after) floors.delete(name);
    const due = [...new Set(asked)]
      .flatMap((name) => retained(this.channels.get(name)))
      .filter(({ seq }) => seq > after)
      .sort((a, b) => a.seq - b.seq);
    const entries = due.slice(0, limit);
    const upTo = due.length > limit ? (entries.at(-1)?.seq ?? after) : this.head;
    return { entries, upTo, floors, forgotten: this.forgotten };
  }

  /** Up to here something may be missing. */
  get trimmed(): number {
    return Math.max(this.forgotten, ...[...this.channels.values()].map(({ floor }) => floor));
  }

  isGoodAt(name: string, { at }: StoredSnapshot): boolean {
    const floor = this.channels.get(name)?.floor ?? this.forgotten;
    return at.seq <= this.head && this.epochAt(at.seq) === at.epoch && at.seq >= floor;
  }

  saveSnapshot(name: string, snapshot: StoredSnapshot, now: number): void {
    const kept = this.loadSnapshot(name, now);
    if (kept && kept.at.seq > snapshot.at.seq) return;
    this.open(name, now);
    this.snapshots.set(name, snapshot);
  }

  loadSnapshot(name: string, now: number): StoredSnapshot | undefined {
    const kept = this.snapshots.get(name);
    return kept && now - kept.time < BOUNDS.snapshotTtlMs && this.isGoodAt(name, kept) ? kept : undefined;
  }

  rollback(toSeq: number): void {
    this.head = toSeq;
    this.forgotten = Math.min(this.forgotten, toSeq);
    this.epochs = this.epochs.filter(({ start }) => start <= toSeq);
    this.keys = this.keys.filter(({ seq }) => seq <= toSeq);
    for (const [name, { at }] of this.snapshots) if (at.seq > toSeq) this.snapshots.delete(name);
    for (const [name, channel] of this.channels) {
      const last = channel.all.at(-1)?.seq ?? 0;
      channel.all = channel.all.filter(({ seq }) => seq <= toSeq);
      // Entries up to `toSeq` were trimmed by a trim that the older copy had not made: what it had is not known here.
      const isUnknown = channel.all.length > 0 && last > toSeq && channel.floor > toSeq;
      if (isUnknown) Object.assign(channel, { base: toSeq, floor: toSeq, all: [] });
      else if (channel.all.length === 0) channel.floor = channel.base = Math.min(channel.base, toSeq);
      if (channel.all.length === 0 && channel.base <= this.forgotten) this.channels.delete(name);
    }
  }
}

function prevOf({ all, base }: ModelChannel): number | undefined {
  return all.at(-1)?.seq ?? (base === 0 ? 0 : undefined);
}

function retained(channel: ModelChannel | undefined): Entry[] {
  return channel ? channel.all.filter(({ seq }) => seq > channel.floor) : [];
}
