import { describe, expect, test } from 'vitest';
import { hasCode } from '../../src/errors.js';
import { type MemoryStore, memoryStore } from '../../src/memory/store.js';
import type { NewEntry } from '../../src/store.js';
import { ManualClock, Recorder, START } from './fixture.js';

async function opened(options: Parameters<typeof memoryStore>[0] = {}): Promise<MemoryStore> {
  const store = memoryStore({ clock: new ManualClock(), ...options });
  await store.startEpoch('e');
  return store;
}

const text = (body = 'x'): NewEntry => ({ channel: 'a', body: Buffer.from(body), time: 0 });

describe('memoryStore sweeps', () => {
  test('once a second by the clock, while there is something to sweep', async () => {
    const clock = new ManualClock();
    const store = await opened({ clock, retention: { ageMs: 1_500 }, forgetAfterMs: 1_500 });
    expect(clock.timers.size).toBe(0);
    await store.append([text()], START);
    await store.append([text()], START);
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
    const store = await opened({ clock, retention: { ageMs: 100 } });
    await store.append([text()], START);
    clock.time += 101;
    store.sweep();
    expect((await store.read(0, ['a'], 9)).floors.get('a')).toBe(1);
  });

  test('no more after close', async () => {
    const clock = new ManualClock();
    const store = await opened({ clock });
    await store.append([text()], START);
    await store.close();
    expect(clock.timers.size).toBe(0);
  });

  test('with the clock of the system where none is given', async () => {
    const store = memoryStore();
    await store.startEpoch('e');
    await store.append([{ ...text(), time: Date.now() - 3_600_001 }], START);
    expect((await store.read(0, ['a'], 9)).floors.get('a')).toBe(1);
    await store.close();
  });
});

test('memoryStore refuses wrong options at once', () => {
  expect(() => memoryStore({ retention: { count: -1 } })).toThrow(RangeError);
});

test('memoryStore rejects everything after close, and tails end without lost', async () => {
  const store = await opened();
  const seen = new Recorder();
  await store.tail(START, seen);
  await store.close();
  await store.close();
  const error = await store.append([text()], START).catch((reason: unknown) => reason);
  expect(hasCode(error, 'ERR_SSE_CLOSED')).toBe(true);
  expect(seen).toMatchObject({ seqs: [], lostBy: [] });
});
