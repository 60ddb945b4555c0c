import { Buffer } from 'node:buffer';
import { memoryStore } from '@headwater/core';
import { expect, it, onTestFinished } from 'vitest';
import { dataOf, dataUpTo, newestEntry, placeAt } from '../src/history.js';

/** A log with an entry of `channel` in every `every`-th place, its time being its place. */
async function filled(length: number, every: number, count = 100_000) {
  const store = memoryStore({ retention: { count, ageMs: false } });
  onTestFinished(() => store.close());
  await store.startEpoch('e');
  const entries = Array.from({ length }, (_, index) => ({
    channel: (index + 1) % every === 0 ? 'wanted' : 'other',
    body: Buffer.from(`event: x\ndata: ${index + 1}\ndata: second line\n`),
    time: index + 1,
  }));
  await store.append(entries, { epoch: 'e', seq: 0 });
  return store;
}

it('newestEntry finds it however far back it is', async () => {
  for (const every of [1, 7, 3_000]) {
    const entry = await newestEntry(await filled(5_000, every), 'wanted');
    expect(entry?.seq).toBe(5_000 - (5_000 % every));
    expect(entry && dataOf(entry)).toBe(`${5_000 - (5_000 % every)}\nsecond line`);
  }
});

it('newestEntry and placeAt answer undefined where there is nothing', async () => {
  const store = await filled(10, 11);
  expect(await newestEntry(store, 'wanted')).toBeUndefined();
  expect(await placeAt(store, 'wanted', 0)).toBeUndefined();
});

it('placeAt is the first entry that is not older', async () => {
  const store = await filled(5_000, 2);
  const seq = async (time: number) => Number.parseInt((await placeAt(store, 'wanted', time))?.split('.')[1] ?? '', 36);
  expect(await seq(0)).toBe(2);
  expect(await seq(1_001)).toBe(1_002);
  expect(await seq(4_998)).toBe(4_998);
  expect(await placeAt(store, 'wanted', 5_001)).toBeUndefined();
});

it('placeAt is the oldest entry that is retained where older ones were trimmed', async () => {
  const store = await filled(5_000, 2, 10);
  expect(await placeAt(store, 'wanted', 0)).toBe(`e.${(4_982).toString(36)}`);
});

it('dataUpTo is what the channel holds up to and including the place', async () => {
  const store = await filled(20, 5);
  expect(await dataUpTo(store, 'wanted', 'e.a')).toEqual(['5\nsecond line', '10\nsecond line']);
  expect(await dataUpTo(store, 'wanted', 'e.4')).toEqual([]);
});
