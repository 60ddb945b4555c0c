/**
 * Flush: hands the new frames of the ring to everyone who is live, one write of one shared buffer each.
 *
 * A flush freezes its range `(from, to]` and its recipients when it starts. It runs in slices; who joins between slices is not
 * part of it (catch-up ended at `to` for them), who leaves is skipped. The next one starts when it is done, so that batches grow
 * by themselves under load, and at low rate no time is added. It waits for nobody and cannot fail because of one connection.
 */
import { type Batch, joinBatch } from './batch.js';
import type { Clock } from './clock.js';
import type { Cursor } from './cursor.js';
import { encodeLink, encodeTrace, type Frame, NOTHING, tracesOf } from './frame.js';
import type { LiveSet, LiveSets, SetForm } from './live-set.js';
import type { Observers } from './observer.js';
import { MAX_BATCH_BYTES } from './options.js';
import { mayCross } from './regions.js';
import type { Ring } from './ring.js';
import { inSlices } from './slices.js';
import type { TraceContext } from './trace-context.js';

/** What one live set gets: a shared batch, or the frames for members with filters of their own. */
interface Delivery {
  readonly set: LiveSet;
  readonly members: readonly Cursor[];
  readonly batch: Batch | undefined;
  readonly frames: readonly Frame[];
}

/** What a flush has written so far. */
export interface Delivered {
  writes: number;
  /** Frames, each counted for everyone who got it. */
  events: number;
  bytes: number;
}

export class Flusher {
  readonly #ring: () => Ring;
  readonly #liveSets: LiveSets;
  readonly #clock: Clock;
  readonly #observers: Observers;
  #to = 0;
  #from = 0;
  #no = 0;
  #running = false;
  #scheduled = false;

  constructor(ring: () => Ring, liveSets: LiveSets, clock: Clock, observers: Observers) {
    this.#ring = ring;
    this.#liveSets = liveSets;
    this.#clock = clock;
    this.#observers = observers;
  }

  /** The end of the last started flush: where catch-up ends and live begins. */
  get to(): number {
    return this.#to;
  }

  /** Number of the last started flush. */
  get no(): number {
    return this.#no;
  }

  /** The place up to which a live cursor has been served, whether or not it took part in the running flush. */
  servedTo(cursor: Cursor, set: LiveSet): number {
    const waits = this.#running && set.flushNo === this.#no && cursor.liveSince < this.#no && cursor.seq < this.#to;
    return waits ? this.#from : this.#to;
  }

  /** The ring has grown: a flush follows in the next turn, or right after the running one. */
  notify(): void {
    if (this.#running || this.#scheduled) return;
    this.#scheduled = true;
    this.#clock.setTurn(() => {
      this.#scheduled = false;
      if (!this.#running) this.#start();
    });
  }

  /** The log has moved: whatever is under way concerns entries that no longer count. */
  moveTo(seq: number): void {
    this.#running = false;
    this.#no++;
    this.#to = seq;
    this.#from = seq;
  }

  #start(): void {
    const frames = this.#range();
    if (frames.length === 0) return;
    const no = ++this.#no;
    this.#running = true;
    this.#from = this.#to;
    this.#to = (frames[frames.length - 1] as Frame).seq;
    const deliveries = this.#prepare(frames, no);
    const begun = this.#clock.elapsed();
    const traces = this.#observers.hears('flushed') ? this.#tracesOf(frames) : undefined;
    const stats = { frames: frames.length, writes: 0, events: 0, bytes: 0 };
    inSlices(this.#clock, this.#steps(deliveries, no, stats), (holdMs) => {
      if (this.#no !== no) return;
      this.#running = false;
      this.#ring().evict(this.#to);
      if (this.#observers.hears('flushed')) {
        const lagMs = Math.max(0, this.#clock.now() - (frames[0] as Frame).time);
        const durationMs = this.#clock.elapsed() - begun;
        this.#observers.emit('flushed', { ...stats, holdMs, durationMs, lagMs, traces });
      }
      if (this.#ring().head > this.#to) this.notify();
    });
  }

  /** The frames after `to` that fit into one batch, at least one. */
  #range(): Frame[] {
    const ring = this.#ring();
    const frames: Frame[] = [];
    let bytes = 0;
    for (let seq = this.#to + 1; seq <= ring.head; seq++) {
      const frame = ring.at(seq) as Frame;
      bytes += frame.bytes.length;
      if (frames.length > 0 && bytes > MAX_BATCH_BYTES) break;
      frames.push(frame);
    }
    return frames;
  }

  /** The trace contexts of the frames that somebody live follows. */
  #tracesOf(frames: readonly Frame[]): readonly TraceContext[] | undefined {
    return tracesOf(frames.filter(({ trace, channel }) => trace && this.#liveSets.isFollowed(channel)));
  }

  /** Who gets what: costs the live sets of the active channels, nothing else. */
  #prepare(frames: readonly Frame[], no: number): Delivery[] {
    const active = new Set<string>();
    let isRegional = false;
    for (const frame of frames) {
      active.add(frame.channel);
      if (frame.region !== undefined) isRegional = true;
    }
    const shared = new Map<string, { frames: readonly Frame[]; batch: Batch | undefined }>();
    const deliveries: Delivery[] = [];
    for (const channel of active) {
      for (const set of this.#liveSets.of(channel)) {
        if (set.flushNo === no) continue;
        set.flushNo = no;
        const selection = [...active].filter((name) => set.channels.has(name));
        const form = set.linked ? 'linked' : set.filtered ? 'filtered' : '';
        const key = `${form}|${set.traced}|${isRegional ? set.region : ''}|${selection.join()}`;
        let part = shared.get(key);
        if (!part) {
          const isAll = selection.length === active.size && !isRegional;
          const chosen = isAll
            ? frames
            : frames.filter((f) => set.channels.has(f.channel) && mayCross(f.region, set.region));
          // What is for others only: the set stands at the end of the flush all the same.
          if (chosen.length === 0) continue;
          part = { frames: chosen, batch: set.filtered ? undefined : batchOf(chosen, set) };
          shared.set(key, part);
        }
        deliveries.push({ set, members: set.members.slice(), ...part });
      }
    }
    return deliveries;
  }

  #steps(deliveries: readonly Delivery[], no: number, stats: Delivered): () => boolean {
    let delivery = 0;
    let member = 0;
    const to = this.#to;
    return () => {
      const current = deliveries[delivery];
      if (!current || this.#no !== no) return false;
      const cursor = current.members[member++];
      if (!cursor) {
        delivery++;
        member = 0;
        return delivery < deliveries.length;
      }
      // Only who was live without interruption since the flush began: who left and came back has caught up to `to` by itself.
      if (cursor.liveSince < no && cursor.set === current.set) {
        cursor.deliver(current.batch, current.frames, to, stats);
      }
      return true;
    };
  }
}

/** Frames as one batch, each after the comments that the connection gets. */
export function batchOf(frames: readonly Frame[], { linked, traced }: Pick<SetForm, 'linked' | 'traced'>): Batch {
  if (!linked && !traced) return joinBatch(frames.map((frame) => frame.bytes));
  return joinBatch(
    frames.flatMap((frame) => [
      linked ? encodeLink(frame) : NOTHING,
      traced ? encodeTrace(frame) : NOTHING,
      frame.bytes,
    ]),
  );
}
