/** What the tests of the memory log and store share: entries, a started log, and a clock that stands still. */
import type { Clock } from '../../src/clock.js';
import { hasCode, type SseErrorCode } from '../../src/errors.js';
import { MemoryLog } from '../../src/memory/log.js';
import type { MemoryStoreOptions } from '../../src/memory/options.js';
import type { Entry, NewEntry, Position, TailListener } from '../../src/store.js';

export const START: Position = { epoch: 'e', seq: 0 };
export const OFF = { count: false, ageMs: false, bytes: false } as const;

export function started(options: MemoryStoreOptions = {}): MemoryLog {
  const log = new MemoryLog(options);
  log.startEpoch('e');
  return log;
}

export const entry = (channel: string, size = 1, rest: Partial<NewEntry> = {}): NewEntry => {
  return { channel, body: new Uint8Array(size), time: 0, ...rest };
};

export function fill(log: MemoryLog, channel: string, count: number, size = 1, now = 0): void {
  for (let i = 0; i < count; i++) log.append([entry(channel, size, { time: now })], START, now);
}

export const seqs = (log: MemoryLog, channel?: string) => {
  return log.read(0, channel === undefined ? undefined : [channel], 1e9).entries.map(({ seq }) => seq);
};

export function codeOf(fn: () => unknown, code: SseErrorCode): boolean {
  try {
    fn();
  } catch (error) {
    return hasCode(error, code);
  }
  return false;
}

export class ManualClock implements Clock {
  time = 0;
  timers = new Map<number, { fn: () => void; due: number }>();
  #last = 0;

  now() {
    return this.time;
  }
  elapsed() {
    return this.time;
  }
  setTimer(fn: () => void, ms: number) {
    this.timers.set(++this.#last, { fn, due: this.time + ms });
    return this.#last;
  }
  clearTimer(timer: unknown) {
    this.timers.delete(timer as number);
  }
  setTurn(): never {
    throw new Error('not used');
  }

  advance(ms: number) {
    this.time += ms;
    for (const [timer, { fn, due }] of [...this.timers]) {
      if (due > this.time) continue;
      this.timers.delete(timer);
      fn();
    }
  }
}

export class Recorder implements TailListener {
  readonly texts: string[] = [];
  readonly seqs: number[] = [];
  readonly lostBy: unknown[] = [];
  onEntry: (entry: Entry) => void = () => {};

  entries(entries: readonly Entry[]) {
    for (const one of entries) {
      this.texts.push(Buffer.from(one.body).toString());
      this.seqs.push(one.seq);
      this.onEntry(one);
    }
  }
  lost(error: unknown) {
    this.lostBy.push(error);
  }
}
