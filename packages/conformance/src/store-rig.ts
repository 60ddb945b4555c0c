/**
 * StoreRig: one log under test, with a handle on it, the test's own place in it, and a note of all that was appended.
 * Invariant: `written` is what the store has acknowledged; what `checkPage` lets pass has no unannounced hole.
 */
import assert from 'node:assert/strict';
import {
  type Appended,
  type Clock,
  type Entry,
  type NewEntry,
  type Page,
  type Position,
  type Retention,
  type Store,
  systemClock,
} from '@headwater/core';
import type { StoreSetup, StoreSuiteOptions } from './store-options.js';
import { encode, floorOf, SECOND, textOf } from './store-test.js';
import { SuiteClock } from './suite-clock.js';
import { Recorder } from './tail-recorder.js';

/** Enough turns for anything that stays within the process. */
const FEW_TURNS = 20;
/** Between two looks at what takes longer: often enough to lose no time, and the other processes get theirs. */
const PAUSE_MS = 1;
const PATIENCE_MS = 2_000;
/** More than any test appends. */
const ALL = 1_000_000;

export class StoreRig {
  readonly clock: Clock;
  readonly setup: StoreSetup;
  readonly options: StoreSuiteOptions;
  /** Every entry that the store has acknowledged to {@link append}. */
  readonly written: { readonly seq: number; readonly channel: string; readonly text: string }[] = [];
  /** The test's own position, see `Store.append`. */
  at: Position = { epoch: '', seq: 0 };
  #handles: Store[] = [];
  /** The head at the last {@link checkpoint}. */
  #mark = 0;

  constructor(options: StoreSuiteOptions, name: string, retention: Partial<Retention> = {}) {
    this.options = options;
    this.clock = options.usesClock === false ? systemClock : new SuiteClock();
    this.setup = { name, clock: this.clock, retention: { count: false, ageMs: false, bytes: false, ...retention } };
  }

  /** The handle that the test began with. */
  get store(): Store {
    return this.#handles[0] as Store;
  }

  /** A handle on the log: the first, another one, or after {@link close} the log reopened. */
  async open(): Promise<Store> {
    const store = await this.options.factory(this.setup);
    this.#handles.push(store);
    return store;
  }

  /** Closes every handle. */
  async close(): Promise<void> {
    const handles = this.#handles;
    this.#handles = [];
    for (const store of handles) await store.close();
  }

  /** Begins an epoch, and takes the position at the head as the test's own. */
  async start(epoch: string = 'e1', store: Store = this.store): Promise<void> {
    const { head, epochs } = await store.startEpoch(epoch);
    this.at = { epoch: epochs.findLast(({ start }) => start <= head)?.epoch ?? epoch, seq: head };
  }

  entry(channel: string, text: string, key?: string): NewEntry {
    return { channel, body: encode(text), time: this.clock.now(), key };
  }

  /** Appends, and moves the test's own position to what was written last. */
  async append(entries: readonly NewEntry[], store: Store = this.store): Promise<readonly Appended[]> {
    const appended = await store.append(entries, this.at);
    assert.equal(appended.length, entries.length, 'append answers every entry');
    for (const [i, { epoch, seq, duplicate }] of appended.entries()) {
      if (duplicate) continue;
      const entry = entries[i] as NewEntry;
      this.written.push({ seq, channel: entry.channel, text: textOf(entry) });
      if (seq > this.at.seq) this.at = { epoch, seq };
    }
    return appended;
  }

  /** Appends these texts as one batch and returns their seqs. */
  async put(channel: string, ...texts: string[]): Promise<number[]> {
    const appended = await this.append(texts.map((text) => this.entry(channel, text)));
    return appended.map(({ seq }) => seq);
  }

  /** Appends `count` entries to `channel`, one call each. */
  async fill(channel: string, count: number): Promise<void> {
    for (let i = 1; i <= count; i++) await this.put(channel, `${channel}${i}`);
  }

  async read(after: number = 0, channels?: readonly string[], limit: number = ALL, maxBytes?: number): Promise<Page> {
    return this.store.read(after, channels, limit, maxBytes);
  }

  async tail(from: Position = this.at, store: Store = this.store): Promise<Recorder> {
    const recorder = new Recorder();
    recorder.tail = await store.tail(from, recorder);
    return recorder;
  }

  /** Notes where the log stands: {@link rollback} takes it back to here. Only in tests that need the rollback. */
  async checkpoint(): Promise<void> {
    this.#mark = (await this.store.state()).head;
    await this.options.checkpoint?.(this.store);
  }

  /** Makes the log lose what came after {@link checkpoint}, and waits until every handle answers again. */
  async rollback(): Promise<void> {
    await this.options.rollback?.(this.store, this.#mark);
    for (const store of this.#handles) {
      const isBack = () =>
        store.state().then(
          ({ head }) => head === this.#mark,
          () => false,
        );
      await this.until(`the store answers, with its head at ${this.#mark}`, isBack);
    }
    for (let i = this.written.length - 1; i >= 0; i--) {
      if ((this.written[i]?.seq ?? 0) > this.#mark) this.written.splice(i, 1);
    }
  }

  /** Lets `ms` pass, and what they bring happen. Only in tests that need the clock. */
  async pass(ms: number): Promise<void> {
    (this.clock as SuiteClock).advance(ms);
    await this.options.sweep?.(this.store);
    await this.turn();
  }

  /** Waits until `condition` holds. */
  async until(what: string, condition: () => boolean | Promise<boolean>): Promise<void> {
    const deadline = performance.now() + (this.options.patienceMs ?? PATIENCE_MS);
    for (let turns = 0; !(await condition()); turns++) {
      if (turns >= FEW_TURNS && performance.now() >= deadline) assert.fail(`waited in vain until ${what}`);
      // A store that polls by the clock needs it to move; no test depends on so little.
      if (this.clock instanceof SuiteClock) this.clock.advance(1);
      await (turns < FEW_TURNS ? this.turn() : pause());
    }
  }

  /** Waits until retention has left exactly these seqs of `channel`. */
  async untilRetained(channel: string, seqs: readonly number[]): Promise<void> {
    let retained: readonly number[] = [];
    const isDone = async () => {
      if (this.clock instanceof SuiteClock) this.clock.advance(SECOND);
      await this.options.sweep?.(this.store);
      retained = (await this.read(0, [channel])).entries.map(({ seq }) => seq);
      return retained.length <= seqs.length;
    };
    await this.until(`retention has left ${seqs.length} entries of "${channel}"`, isDone);
    assert.deepEqual(retained, seqs);
  }

  /** Lets everything else have its turn: a loop that only awaits answers could keep a store's own callbacks waiting for ever. */
  turn(): Promise<void> {
    return new Promise((resolve) => setImmediate(resolve));
  }

  /** Lets what should not happen have its chance: the turns in which a store would have called. */
  async settle(): Promise<void> {
    for (let i = 0; i < FEW_TURNS; i++) await this.turn();
  }

  /** Fails where the page skips, repeats, reorders or invents something, or has a hole that no floor announces. */
  checkPage(page: Page, after: number, channels: readonly string[] | undefined, limit: number): void {
    if (page.entries.length > limit) assert.fail(`a page of ${page.entries.length} entries is more than ${limit}`);
    const given = new Map<number, Entry>();
    let last = after;
    for (const entry of page.entries) {
      if (entry.seq <= last) assert.fail(`seq ${entry.seq} must not come after ${last}`);
      last = entry.seq;
      given.set(entry.seq, entry);
    }
    for (const { seq, channel, text } of this.written) {
      const entry = given.get(seq);
      given.delete(seq);
      const isDue = seq > after && seq <= page.upTo && (!channels || channels.includes(channel));
      if (entry && !isDue) assert.fail(`seq ${seq} is not part of what was asked`);
      if (entry && (entry.channel !== channel || textOf(entry) !== text)) assert.fail(`seq ${seq} is another entry`);
      if (isDue && !entry && seq > floorOf(page, channel)) assert.fail(`seq ${seq} is missing, and no floor says so`);
    }
    if (given.size > 0) assert.fail(`seqs ${[...given.keys()]} were never acknowledged`);
  }
}

function pause(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, PAUSE_MS));
}
