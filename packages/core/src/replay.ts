/**
 * Replay: history for cursors that are behind, from the ring where it reaches back far enough, from the store otherwise.
 *
 * One read in flight per place, shared by everyone who needs it. Only complete blocks are kept, with the floors of their own
 * transaction, for half a minute and up to a number of bytes, so that a storm of reconnecting clients with many different cursors
 * shares its reads. A block that nobody else has asked for is not kept: history that one client pages through stays young garbage,
 * and costs little memory however long it is.
 */
import type { Clock } from './clock.js';
import { type Frame, toFrame } from './frame.js';
import type { Log } from './log.js';
import type { Observers } from './observer.js';
import { MAX_BATCH_BYTES } from './options.js';
import type { Page, Store } from './store.js';

/** Frames of some channels, complete for `(after, upTo]`. */
export interface Stretch {
  readonly frames: readonly Frame[];
  readonly upTo: number;
  /** Channels whose history before this place is gone may not use the stretch. Absent: nothing is missing. */
  readonly floorOf?: (channel: string) => number;
}

/** Places per block, and entries per read. */
const BLOCK = 256;
/** Bytes of bodies per read: a block of larger entries is read in parts. */
const PAGE_BYTES = 1024 * 1024;
/** Bytes of all blocks that are kept, the overhead of their frames included. */
const CACHE_BYTES = 8 * 1024 * 1024;
const FRAME_OVERHEAD = 256;
/** Who reads a place so soon after somebody else is part of a crowd. */
const CROWD_MS = 1_000;
/** Places of which is remembered when they were read: after so many others what was kept of one would have been dropped anyway. */
const MAX_READ = 100;
/**
 * A storm is over by then. What a block holds stays true for as long as the log does, but what retention has dropped should not be
 * given out for long.
 */
const BLOCK_AGE_MS = 30_000;
const RETRY_MS = 250;

interface Block {
  readonly stretch: Stretch;
  readonly readAt: number;
  readonly cost: number;
}

/** What one read brought; `isPart`: its bytes ended it before the end of its block. */
interface Part extends Stretch {
  readonly isPart: boolean;
}

export class Replay {
  readonly #log: Log;
  readonly #store: Store;
  readonly #clock: Clock;
  readonly #observers: Observers;
  readonly #blocks = new Map<string, Block>();
  readonly #reads = new Map<string, Promise<Part>>();
  /** When places were read, the latest last. */
  readonly #readAt = new Map<string, number>();
  /** Places that a crowd reads. */
  readonly #crowded = new Set<string>();
  #cost = 0;
  #closed = false;

  constructor(log: Log, store: Store, clock: Clock, observers: Observers) {
    this.#log = log;
    this.#store = store;
    this.#clock = clock;
    this.#observers = observers;
  }

  /** Reads under way. */
  get reads(): number {
    return this.#reads.size;
  }

  /** Frames of `(after, upTo]` that pass `due`, at most one batch of them; undefined where the ring does not reach back to `after`. */
  fromRing(
    channels: Iterable<string>,
    after: number,
    upTo: number,
    due: (frame: Frame) => boolean,
  ): Stretch | undefined {
    const { ring } = this.#log;
    for (const channel of channels) if (!ring.covers(channel, after)) return undefined;
    if (after < ring.base) return undefined;
    const end = Math.min(upTo, ring.head);
    const frames: Frame[] = [];
    let bytes = 0;
    for (let seq = after + 1; seq <= end; seq++) {
      const frame = ring.at(seq);
      if (!frame || !due(frame)) continue;
      bytes += frame.bytes.length;
      if (frames.length > 0 && bytes > MAX_BATCH_BYTES) return { frames, upTo: seq - 1 };
      frames.push(frame);
    }
    return { frames, upTo: end };
  }

  /**
   * The stretch after `after` from the store, at least one place long. Store errors are reported and the read is tried again.
   * Undefined where the log moved under the call, or the hub closed: the caller's own place may have changed with it.
   */
  async fromStore(channels: readonly string[], after: number): Promise<Stretch | undefined> {
    const { generation } = this.#log;
    // Named by what is read, in this turn: a name that was made earlier could stand for other channels by now.
    const names = channels.toSorted().join();
    let from = Math.floor(after / BLOCK) * BLOCK;
    const kept = this.#blocks.get(`${names}@${from}`);
    if (kept && kept.stretch.upTo > after && this.#clock.elapsed() - kept.readAt < BLOCK_AGE_MS) return kept.stretch;
    for (;;) {
      const place = `${names}@${from}`;
      const shared = this.#reads.get(place);
      if (shared) this.#crowded.add(place);
      const stretch = await (shared ?? this.#read(place, channels, from)).catch((error) => this.#failed(error));
      if (this.#closed || generation !== this.#log.generation) return undefined;
      if (stretch && stretch.upTo > after) return stretch;
      // Large entries: the part of the block before our place was all that fitted.
      if (stretch?.isPart && from < after) from = after;
      if (!stretch || stretch.isPart || shared) continue;
      // A shared read may have begun before the log grew; one of our own that ends below our place means that the store went back.
      await this.#log.check();
      if (this.#closed || generation !== this.#log.generation) return undefined;
      // Not settled yet: this process waits for its connection, and must not ask in a tight loop meanwhile.
      await this.#pause();
    }
  }

  /** Forgets every page and every call that others could join. */
  clear(): void {
    this.#blocks.clear();
    this.#reads.clear();
    this.#readAt.clear();
    this.#cost = 0;
  }

  close(): void {
    this.#closed = true;
    this.clear();
  }

  #read(place: string, channels: readonly string[], after: number): Promise<Part> {
    const { generation } = this.#log;
    this.#noteRead(place);
    const read = this.#store.read(after, channels, BLOCK, PAGE_BYTES).then((page) => {
      const stretch = this.#accept(page);
      const isCurrent = generation === this.#log.generation;
      const isComplete = after % BLOCK === 0 && stretch.upTo >= after + BLOCK;
      if (this.#crowded.delete(place) && isCurrent && isComplete) this.#keep(place, stretch);
      return stretch;
    });
    this.#reads.set(place, read);
    const forget = () => {
      if (this.#reads.get(place) === read) this.#reads.delete(place);
      this.#crowded.delete(place);
    };
    read.then(forget, forget);
    return read;
  }

  /** A page as far as this process's own view of the log goes: what contradicts it is not history but a log that went back. */
  #accept(page: Page): Part {
    const { epochs, head } = this.#log;
    let upTo = Math.min(page.upTo, head);
    const frames: Frame[] = [];
    for (const entry of page.entries) {
      if (entry.seq > head) break;
      if (epochs.at(entry.seq) !== entry.epoch) {
        upTo = entry.seq - 1;
        break;
      }
      frames.push(toFrame(entry));
    }
    const isPart = upTo === page.upTo && sizeOf(page) >= PAGE_BYTES;
    return { frames, upTo, isPart, floorOf: (channel) => page.floors.get(channel) ?? page.forgotten };
  }

  #noteRead(place: string): void {
    const now = this.#clock.elapsed();
    if (now - (this.#readAt.get(place) ?? Number.NEGATIVE_INFINITY) < CROWD_MS) this.#crowded.add(place);
    this.#readAt.delete(place);
    this.#readAt.set(place, now);
    if (this.#readAt.size > MAX_READ) this.#readAt.delete(this.#readAt.keys().next().value as string);
  }

  #keep(place: string, stretch: Stretch): void {
    this.#drop(place);
    const cost = stretch.frames.reduce((sum, { bytes }) => sum + bytes.length + FRAME_OVERHEAD, 0);
    this.#blocks.set(place, { stretch, readAt: this.#clock.elapsed(), cost });
    this.#cost += cost;
    for (const oldest of this.#blocks.keys()) {
      if (this.#cost <= CACHE_BYTES) return;
      this.#drop(oldest);
    }
  }

  #drop(place: string): void {
    this.#cost -= this.#blocks.get(place)?.cost ?? 0;
    this.#blocks.delete(place);
  }

  async #failed(error: unknown): Promise<undefined> {
    if (this.#closed) return;
    this.#observers.error(error, 'store');
    await this.#pause();
  }

  #pause(): Promise<void> {
    return new Promise((resolve) => {
      this.#clock.setTimer(resolve, RETRY_MS);
    });
  }
}

function sizeOf(page: Page): number {
  return page.entries.reduce((sum, { body }) => sum + body.byteLength, 0);
}

/** The first of `frames`, which are complete up to `upTo`, that fit into one batch, at least one; and how far they reach. */
export function firstBatch(frames: readonly Frame[], upTo: number): { frames: readonly Frame[]; upTo: number } {
  let bytes = 0;
  const end = frames.findIndex((frame, index) => {
    bytes += frame.bytes.length;
    return index > 0 && bytes > MAX_BATCH_BYTES;
  });
  return end === -1 ? { frames, upTo } : { frames: frames.slice(0, end), upTo: (frames[end] as Frame).seq - 1 };
}
