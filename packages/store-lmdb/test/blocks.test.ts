import { type Entry, memoryStore, type NewEntry, type Store } from '@headwater/core';
import { seeded } from '@headwater/testing';
import { expect, test } from 'vitest';
import {
  addedSize,
  blockSize,
  decodeBlock,
  decodeSpan,
  encodeBlock,
  encodeSpan,
  MAX_BLOCK,
  spanOf,
} from '../src/block.js';
import { entry, openStore, start, temporaryFolder, textOf } from './kit/log.js';

const NAMES = { epoch: 'é'.repeat(127), channel: 'prices/€' };

const entries = (count: number, first: number, prev: number | undefined): Entry[] =>
  Array.from({ length: count }, (_, i) => ({
    ...NAMES,
    seq: first + i,
    prev: i === 0 ? prev : first + i - 1,
    time: 1_700_000_000_000.5 + i,
    body: Buffer.from('x'.repeat(i)),
  }));

test.each([
  [1, 1, undefined],
  [1, 2 ** 47, 0],
  [40, 1_000, 17],
])('a block of %i entries from %i on is read as it was written', (count, first, prev) => {
  const block = entries(count, first, prev);
  const record = encodeBlock(block);
  expect(decodeBlock(record, first + count - 1)).toEqual(block);
  const [one, ...others] = block as [Entry];
  expect(record.length).toBe(others.reduce((size, other) => size + addedSize(other), blockSize(one)));
  const span = spanOf(block);
  expect(span).toEqual({ first, last: first + count - 1, bytes: (count * (count - 1)) / 2 });
  expect(decodeSpan(encodeSpan(span), span.last)).toEqual(span);
});

test('a block and a span of which any byte is another one, or that stand elsewhere, are errors', () => {
  const block = entries(5, 11, 10);
  for (const [record, decode] of [
    [encodeBlock(block), decodeBlock],
    [encodeSpan(spanOf(block)), decodeSpan],
  ] as const) {
    for (let at = 0; at < record.length; at++) {
      const other = Buffer.from(record);
      other[at] = (other[at] as number) ^ 0x10;
      expect(() => decode(other, 15)).toThrow(/damaged/);
    }
    for (let length = 0; length < record.length; length++) {
      expect(() => decode(record.subarray(0, length), 15)).toThrow(/damaged/);
    }
    expect(() => decode(record, 16)).toThrow(/damaged/);
  }
});

const CHANNELS = ['a', 'b', 'c', 'd'];

/** What a page says, without the epoch. */
async function pageOf(store: Store, ...query: Parameters<Store['read']>) {
  const { entries: found, upTo, floors, forgotten } = await store.read(...query);
  return {
    entries: found.map(({ seq, channel, prev, time, body }) => [
      seq,
      channel,
      prev,
      time,
      Buffer.from(body).toString(),
    ]),
    upTo,
    floors: [...floors].sort(),
    forgotten,
  };
}

test.each([1, 2, 3, 4, 5, 6, 7, 8])(
  'blocks are filled, trimmed and read as single entries would be, seed %i',
  async (seed) => {
    const random = seeded(seed);
    const pick = (below: number) => Math.floor(random() * below);
    const retention = { count: 1 + pick(120), bytes: 4_000 + pick(20_000), ageMs: false } as const;
    const store = openStore({ path: temporaryFolder(), retention });
    const model = memoryStore({ retention, maxTotalBytes: false });
    const [at, modelAt] = [await start(store), await start(model)];
    // Some of one channel in a row, some in turns.
    const next = (i: number): NewEntry => {
      const channel = CHANNELS[random() < 0.7 ? Math.floor(i / 50) % 4 : pick(4)] as string;
      return entry(channel, 'x'.repeat(random() < 0.02 ? pick(6_000) : pick(300)), i);
    };
    let written = 0;
    for (let round = 0; round < 25; round++) {
      const calls = Array.from({ length: 1 + pick(20) }, () =>
        Array.from({ length: 1 + pick(8) }, () => next(written++)),
      );
      // In one commit, as calls of one moment are.
      const [appended, expected] = await Promise.all(
        [
          { to: store, from: at },
          { to: model, from: modelAt },
        ].map(({ to, from }) => Promise.all(calls.map((call) => to.append(call, from)))),
      );
      expect(appended?.flat().map(({ seq }) => seq)).toEqual(expected?.flat().map(({ seq }) => seq));
      for (let i = 0; i < 12; i++) {
        const after = pick(written + 2) - 1;
        const channels = random() < 0.3 ? undefined : CHANNELS.filter(() => random() < 0.5);
        const query = [Math.max(0, after), channels, 1 + pick(200), random() < 0.5 ? undefined : pick(10_000)] as const;
        expect(await pageOf(store, ...query)).toEqual(await pageOf(model, ...query));
      }
    }
  },
);

test('entries of one commit share blocks, and those of a channel that are trimmed go with their blocks', async () => {
  const path = temporaryFolder();
  const store = openStore({ path, retention: { count: 100 } });
  const at = await start(store);
  const texts = Array.from({ length: 1_000 }, (_, i) => `entry number ${i + 1}`);
  await store.append(
    texts.map((text) => entry('a', text)),
    at,
  );
  const { entries: kept } = await store.read(900, ['a'], 200);
  expect(kept.map(textOf)).toEqual(texts.slice(900));
  await store.close();
  const { open } = await import('lmdb');
  const root = open<Buffer, Buffer>({
    path,
    maxDbs: 8,
    encoding: 'binary',
    keyEncoding: 'binary',
    overlappingSync: false,
  });
  const counts = ['log', 'index'].map((table) => {
    const values = [...root.openDB<Buffer, Buffer>(`headwater:${table}`, {}).getRange({})].map(
      ({ value }) => value.length,
    );
    if (table === 'log') expect(Math.max(...values)).toBeLessThanOrEqual(MAX_BLOCK);
    return values.length;
  });
  await root.close();
  expect(counts[0]).toBeLessThan(4);
  expect(counts[1]).toBe(counts[0]);
});
