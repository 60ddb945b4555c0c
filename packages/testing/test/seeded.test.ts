import { createHub, memoryStore } from '@headwater/core';
import { expect, onTestFinished, test } from 'vitest';
import { seeded } from '../src/index.js';

test('the same seed gives the same numbers, evenly in [0, 1), another seed others', () => {
  const numbers = Array.from({ length: 100_000 }, seeded(7));
  expect(numbers.slice(0, 1_000)).toEqual(Array.from({ length: 1_000 }, seeded(7)));
  expect(numbers.slice(0, 1_000)).not.toEqual(Array.from({ length: 1_000 }, seeded(8)));
  const tenths = new Array<number>(10).fill(0);
  for (const number of numbers) tenths[Math.floor(number * 10)] = (tenths[Math.floor(number * 10)] as number) + 1;
  expect(tenths).toHaveLength(10);
  for (const count of tenths) expect(Math.abs(count - 10_000)).toBeLessThan(400);
});

test('a hub takes it as its chance', async () => {
  const ids = await Promise.all(
    [3, 3, 4].map(async (seed) => {
      const hub = createHub({ store: memoryStore(), random: seeded(seed) });
      onTestFinished(() => hub.close());
      return (await hub.publish('news', 'one')).id;
    }),
  );
  expect(ids[0]).toBe(ids[1]);
  expect(ids[0]).not.toBe(ids[2]);
});
