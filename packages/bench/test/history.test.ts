import { Buffer } from 'node:buffer';
import { createHub, memoryStore } from '@headwater/core';
import { expect, test } from 'vitest';
import { Random } from '../src/harness/random.ts';
import { CHANNEL, fill, newEntry } from '../src/stores/history.ts';
import { openStore } from '../src/stores/open.ts';

const BYTES = 100;

test('fill puts the payload with the number n at n + 1, all in one epoch', async () => {
  const store = await openStore({ kind: 'memory', where: '', keep: 1_200 });
  const { epoch, head } = await fill(store, 1_200, BYTES);
  expect(head).toBe(1_200);
  const { entries, floors } = await store.read(0, [CHANNEL], 2_000);
  expect(entries.map(({ seq }) => seq)).toEqual(Array.from({ length: 1_200 }, (_, i) => i + 1));
  expect(entries.every((entry) => entry.epoch === epoch)).toBe(true);
  expect(floors.get(CHANNEL) ?? 0).toBe(0);
  expect(Buffer.from(entries[1_199]!.body).toString()).toMatch(/^data: @00001199@\d{16}-+\n$/);
  await store.close();
});

test('newEntry has the body that a hub stores for the same payload', async () => {
  const store = memoryStore();
  const hub = createHub({ store });
  const { body } = newEntry(5, BYTES);
  const data = body.toString().slice('data: '.length, -1);
  expect(data).toHaveLength(BYTES);
  await hub.publish(CHANNEL, { data });
  const { entries } = await store.read(0, [CHANNEL], 1);
  expect(Buffer.from(entries[0]!.body)).toEqual(body);
  await hub.close();
  await store.close();
});

test('Random gives the same numbers in every run, within its bounds and all of them', () => {
  const [one, other] = [new Random(), new Random()];
  const numbers = Array.from({ length: 1_000 }, () => one.between(3, 12));
  expect(Array.from({ length: 1_000 }, () => other.between(3, 12))).toEqual(numbers);
  expect([...new Set(numbers)].sort((a, b) => a - b)).toEqual([3, 4, 5, 6, 7, 8, 9, 10, 11, 12]);
});
