import { describe, expect, test } from 'vitest';
import type { Clock } from '../src/clock.js';
import { hasCode, SseError } from '../src/errors.js';
import { MemoryLog } from '../src/memory-log.js';
import { LogStore, type MemoryStore, memoryStore } from '../src/memory-store.js';
import type { Entry, NewEntry, Position, TailListener } from '../src/store.js';

const START: Position = { epoch: 'e', seq: 0 };

class ManualClock implements Clock {
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

async function started(options: Parameters<typeof memoryStore>[0] = {}): Promise<MemoryStore> {
  const store = memoryStore({ clock: new ManualClock(), ...options });
  await store.startEpoch('e');
  return store;
}

const entry = (text = 'x', channel = 'a'): NewEntry => ({ channel, body: Buffer.from(text), time: 0 });

class Recorder implements TailListener {
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

describe('memoryStore tails', () => {
  test('are told within append, before it returns', async () => {
    const store = await started();
    const seen = new Recorder();
    await store.tail(START, seen);
    const pending = store.append([entry('1'), entry('2')], START);
    expect(seen.texts).toEqual(['1', '2']);
    await pending;
  });

  test('get their backlog before tail resolves, in a turn of its own, and what came meanwhile behind it', async () => {
    const store = await started();
    await store.append([entry('1')], START);
    const seen = new Recorder();
    const pending = store.tail(START, seen);
    expect(seen.texts).toEqual([]);
    const appended = store.append([entry('2')], START);
    expect(seen.texts).toEqual([]);
    await pending;
    expect(seen.texts).toEqual(['1', '2']);
    await appended;
  });

  test('that are stopped before their backlog came get nothing', async () => {
    const store = await started();
    await store.append([entry('1')], START);
    const seen = new Recorder();
    const pending = store.tail(START, seen);
    await store.close();
    (await pending).stop();
    expect(seen.texts).toEqual([]);
  });

  test('keep the order where a listener appends, for the listeners before and behind it', async () => {
    const store = await started();
    const [first, appending, last] = [new Recorder(), new Recorder(), new Recorder()];
    const answers: Promise<unknown>[] = [];
    appending.onEntry = ({ seq }) => {
      if (seq < 4) answers.push(store.append([entry(`after ${seq}`)], START));
    };
    for (const listener of [first, appending, last]) await store.tail(START, listener);
    await store.append([entry('1'), entry('2')], START);
    await Promise.all(answers);
    for (const { seqs } of [first, appending, last]) expect(seqs).toEqual([1, 2, 3, 4, 5]);
  });

  test('that begin while a listener is told get each entry once', async () => {
    const store = await started();
    const [outer, inner] = [new Recorder(), new Recorder()];
    let begun: Promise<unknown> | undefined;
    outer.onEntry = ({ seq }) => {
      if (seq !== 1) return;
      const appended = store.append([entry('2')], START);
      begun = Promise.all([store.tail(START, inner), appended]);
    };
    await store.tail(START, outer);
    await store.append([entry('1')], START);
    await begun;
    await store.append([entry('3')], START);
    expect(inner.seqs).toEqual([1, 2, 3]);
  });

  test('are not called once stopped, also where another listener stops them', async () => {
    const store = await started();
    const [first, second] = [new Recorder(), new Recorder()];
    await store.tail(START, first);
    const tail = await store.tail(START, second);
    first.onEntry = () => tail.stop();
    await store.append([entry()], START);
    expect([first.seqs, second.seqs]).toEqual([[1], []]);
  });

  test('whose listener throws end alone, with lost', async () => {
    const store = await started();
    const [bad, good] = [new Recorder(), new Recorder()];
    const cause = new Error('boom');
    bad.onEntry = () => {
      throw cause;
    };
    bad.lost = function (error) {
      this.lostBy.push(error);
      throw new Error('and again');
    };
    await store.tail(START, bad);
    await store.tail(START, good);
    await store.append([entry()], START);
    await store.append([entry()], START);
    expect(good.seqs).toEqual([1, 2]);
    expect(bad.seqs).toEqual([1]);
    expect(bad.lostBy).toHaveLength(1);
    expect(bad.lostBy[0]).toMatchObject({ code: 'ERR_SSE_CALLBACK', cause });
  });

  test('get a batch as a whole, also what retention trims at once', async () => {
    const store = await started({ retention: { count: 1 } });
    const seen = new Recorder();
    await store.tail(START, seen);
    await store.append([entry('1'), entry('2'), entry('3')], START);
    expect(seen.seqs).toEqual([1, 2, 3]);
  });

  test('take a backlog that is longer than a call has room for arguments', async () => {
    const store = await started({ retention: { count: false } });
    const seen = new Recorder();
    const pending = store.tail(START, seen);
    await Promise.all([store.append(new Array(200_000).fill(entry('')), START), pending]);
    expect(seen.seqs).toHaveLength(200_000);
  });

  test('are ended by LogStore.loseTails, once', async () => {
    const store = new LogStore(new MemoryLog(), new ManualClock());
    await store.startEpoch('e');
    const seen = new Recorder();
    const tail = await store.tail(START, seen);
    const error = new SseError('ERR_SSE_STORE', 'gone');
    store.loseTails(error);
    store.loseTails(error);
    tail.stop();
    await store.append([entry()], START);
    expect(seen.lostBy).toEqual([error]);
    expect(seen.seqs).toEqual([]);
  });
});

describe('memoryStore sweeps', () => {
  test('once a second by the clock, while there is something to sweep', async () => {
    const clock = new ManualClock();
    const store = await started({ clock, retention: { ageMs: 1_500 }, forgetAfterMs: 1_500 });
    expect(clock.timers.size).toBe(0);
    await store.append([entry()], START);
    await store.append([entry()], START);
    expect(clock.timers.size).toBe(1);
    clock.advance(1_000);
    expect((await store.read(0, ['a'], 9)).entries).toHaveLength(2);
    clock.advance(1_000);
    expect((await store.read(0, ['a'], 9)).entries).toHaveLength(0);
    expect(clock.timers.size).toBe(0);
    expect((await store.read(0, ['a'], 9)).forgotten).toBe(2);
  });

  test('at once when told to', async () => {
    const clock = new ManualClock();
    const store = await started({ clock, retention: { ageMs: 100 } });
    await store.append([entry()], START);
    clock.time += 101;
    store.sweep();
    expect((await store.read(0, ['a'], 9)).floors.get('a')).toBe(1);
  });

  test('no more after close', async () => {
    const clock = new ManualClock();
    const store = await started({ clock });
    await store.append([entry()], START);
    await store.close();
    expect(clock.timers.size).toBe(0);
  });

  test('with the clock of the system where none is given', async () => {
    const store = memoryStore();
    await store.startEpoch('e');
    await store.append([{ ...entry(), time: Date.now() - 3_600_001 }], START);
    expect((await store.read(0, ['a'], 9)).floors.get('a')).toBe(1);
    await store.close();
  });
});

test('memoryStore refuses wrong options at once', () => {
  expect(() => memoryStore({ retention: { count: -1 } })).toThrow(RangeError);
});

test('memoryStore rejects everything after close, and tails end without lost', async () => {
  const store = await started();
  const seen = new Recorder();
  await store.tail(START, seen);
  await store.close();
  await store.close();
  const error = await store.append([entry()], START).catch((reason: unknown) => reason);
  expect(hasCode(error, 'ERR_SSE_CLOSED')).toBe(true);
  expect(seen).toMatchObject({ seqs: [], lostBy: [] });
});
