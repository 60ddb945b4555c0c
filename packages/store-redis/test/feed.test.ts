import { Recorder } from '@headwater/conformance';
import { memoryStore, type NewEntry, type Position } from '@headwater/core';
import { until } from '@headwater/services';
import { describe, expect, onTestFinished, test } from 'vitest';
import { type RedisStore, type RedisStoreOptions, redisStore } from '../src/index.js';
import { dropLog, newName, useRedis } from './kit.js';

// A server of its own, whose statistics are looked at.
const { url, redis } = await useRedis([]);

function open(options: Partial<RedisStoreOptions> = {}): { store: RedisStore; name: string } {
  const name = options.name ?? newName();
  const store = redisStore({ url, name, onWarning: () => {}, ...options });
  onTestFinished(async () => {
    await store.close();
    await dropLog(redis, name);
  });
  return { store, name };
}

function entry(channel: string, text: string): NewEntry {
  return { channel, body: Buffer.from(`data: ${text}\n`), time: Date.now() };
}

function many(count: number, channelOf: (i: number) => string = () => 'a'): NewEntry[] {
  return Array.from({ length: count }, (_, i) => entry(channelOf(i), `${i + 1}`));
}

const range = (from: number, to: number) => Array.from({ length: to - from + 1 }, (_, i) => from + i);
const beginning: Position = { epoch: 'e1', seq: 0 };

test('the feed is bounded, whatever the channels keep', async () => {
  const { store, name } = open({ feedLength: 200 });
  await store.startEpoch('e1');
  for (let i = 0; i < 20; i++) await store.append(many(100), beginning);
  expect(await redis.xlen(`hw:{${name}}:feed`)).toBeLessThan(400);
  expect((await store.read(0, ['a'], 10_000)).entries).toHaveLength(2_000);
});

test('a tail that the feed has left behind goes on from the channels, and then from the feed', async () => {
  const { store } = open({ feedLength: 100 });
  await store.startEpoch('e1');
  const follower = await Recorder.of(store, beginning);
  // One transaction: what the tail sees next is the end of it.
  await store.append(
    many(3_000, (i) => `c${i % 7}`),
    beginning,
  );
  await until('all have come', () => follower.seen.length >= 3_000);
  await store.append([entry('a', 'last')], beginning);
  await until('the last has come', () => follower.seen.length >= 3_001);
  expect(follower.seqs).toEqual(range(1, 3_001));
  expect(follower.errors).toEqual([]);
});

test('a tail that begins behind the feed gets what lies before it first', async () => {
  const { store } = open({ feedLength: 100 });
  await store.startEpoch('e1');
  await store.append(many(1_000), beginning);
  const follower = await Recorder.of(store, { epoch: 'e1', seq: 10 });
  await until('all have come', () => follower.seen.length >= 990);
  expect(follower.seqs).toEqual(range(11, 1_000));
});

test('a tail that the feed has left behind, and retention too, is lost', async () => {
  const { store } = open({ feedLength: 100, retention: { count: 50 } });
  await store.startEpoch('e1');
  const follower = await Recorder.of(store, beginning);
  await store.append(many(3_000), beginning);
  await until('it is lost', () => follower.errors.length > 0);
  expect(follower.errors).toEqual([expect.objectContaining({ code: 'ERR_SSE_POSITION' })]);
  expect(follower.seen).toEqual([]);
});

test('a tail whose feed has vanished notices, and goes on from the channels', async () => {
  const { store, name } = open();
  await store.startEpoch('e1');
  const follower = await Recorder.of(store, beginning);
  await redis.multi().set(`hw:{${name}}:hold`, 1).del(`hw:{${name}}:feed`).exec();
  await store.append(many(3), beginning);
  await until('three have come', () => follower.seen.length >= 3);
  await redis.del(`hw:{${name}}:feed`);
  await store.append(many(3), beginning);
  await until('three more have come', () => follower.seen.length >= 6);
  expect(follower.seqs).toEqual(range(1, 6));
});

test('a large body is in its channel only, and comes whole to tails and readers', async () => {
  const { store, name } = open();
  await store.startEpoch('e1');
  const follower = await Recorder.of(store, beginning);
  const large = 'x'.repeat(1_000_000);
  await store.append([entry('a', '1'), entry('b', large), entry('a', '3')], beginning);
  await until('all have come', () => follower.seen.length >= 3);
  expect(await redis.memory('USAGE', `hw:{${name}}:feed`, 'SAMPLES', 0)).toBeLessThan(20_000);
  for (const entries of [
    follower.seen,
    (await store.read(0, undefined, 10)).entries,
    (await store.read(0, ['a', 'b'], 10)).entries,
  ]) {
    expect(entries.map(({ seq, channel, prev, body }) => [seq, channel, prev, body.length])).toEqual([
      [1, 'a', 0, 8],
      [2, 'b', 0, 1_000_007],
      [3, 'a', 1, 8],
    ]);
  }
});

test('a large body that retention does not keep reaches the tails all the same', async () => {
  const { store } = open({ retention: { count: 1 }, retentionOf: (name) => (name === 'none' ? { bytes: 10 } : {}) });
  await store.startEpoch('e1');
  const follower = await Recorder.of(store, beginning);
  const large = 'x'.repeat(10_000);
  await store.append([entry('a', large), entry('a', large), entry('none', large)], beginning);
  await until('all have come', () => follower.seen.length >= 3);
  expect(follower.seen.map(({ body }) => body.length)).toEqual([10_007, 10_007, 10_007]);
  expect(follower.errors).toEqual([]);
});

test('a resume near the head of a long log looks at what comes after it only', async () => {
  const { store, name } = open({ retention: { count: false, bytes: false, ageMs: false } });
  await store.startEpoch('e1');
  const filler = many(2_000, (i) => (i % 10 === 0 ? 'quiet' : 'busy'));
  for (let i = 0; i < 25; i++) await store.append(filler, beginning);
  await redis.config('RESETSTAT');
  for (const channels of [['busy'], ['quiet', 'busy', 'unknown'], undefined]) {
    for (let i = 0; i < 20; i++) {
      const page = await store.read(49_997, channels, 100);
      expect(page.entries.map(({ seq }) => seq)).toEqual([49_998, 49_999, 50_000]);
    }
  }
  const stats = await redis.info('commandstats');
  const calls = (command: string) => Number(new RegExp(`cmdstat_${command}:calls=(\\d+)`).exec(stats)?.[1] ?? 0);
  expect(calls('evalsha') + calls('eval')).toBeLessThan(70);
  // Each finds its place in a tree of ids.
  expect(calls('xrange')).toBeLessThanOrEqual(60 * 2);
  expect(calls('hgetall')).toBe(0);
  expect(await redis.xlen(`hw:{${name}}:c:busy`)).toBe(45_000);
});

test('what the feed does not reach is read as any other, page by page, with busy channels and quiet ones', async () => {
  const { store } = open({ feedLength: 100, retention: { count: 900 } });
  const memory = memoryStore({ retention: { count: 900 }, maxTotalBytes: false });
  onTestFinished(() => memory.close());
  const nameOf = (i: number) => (i % 3 === 0 ? 'busy' : i % 5 === 0 ? 'other' : `c${(i * 7) % 301}`);
  for (const one of [store, memory]) {
    await one.startEpoch('e1');
    const entries = many(3_000, nameOf);
    for (let i = 0; i < entries.length; i += 500) await one.append(entries.slice(i, i + 500), beginning);
    // Appends leave a long channel a little beyond its bounds.
    await one.sweep();
  }
  for (const [limit, maxBytes] of [
    [150, undefined],
    [1_000, 700],
    [10_000, undefined],
  ] as const) {
    for (let after = 0; after < 3_000; ) {
      const page = await store.read(after, undefined, limit, maxBytes);
      const expected = await memory.read(after, undefined, limit, maxBytes);
      expect(page.entries.map(({ seq, channel }) => [seq, channel])).toEqual(
        expected.entries.map(({ seq, channel }) => [seq, channel]),
      );
      expect([page.upTo, [...page.floors].sort()]).toEqual([expected.upTo, [...expected.floors].sort()]);
      after = page.upTo;
    }
  }
});

test('a long channel goes a little beyond its bounds, and the sweep brings it within them', async () => {
  const { store, name } = open({ retention: { count: 1_200 } });
  await store.startEpoch('e1');
  for (let i = 0; i < 200; i++) {
    await store.append(many(10), beginning);
    expect(await redis.xlen(`hw:{${name}}:c:a`)).toBeLessThanOrEqual(1_300);
  }
  await store.sweep();
  const page = await store.read(0, ['a'], 10_000);
  expect(page.entries.map(({ seq }) => seq)).toEqual(range(801, 2_000));
  expect(page.floors.get('a')).toBe(800);
});

describe('a log of more channels than are looked through at once', () => {
  const CHANNELS = 2_500;
  const nameOf = (i: number) => `c${i % CHANNELS}`;

  test('reads as any other, page by page, from before the feed on', async () => {
    const { store } = open({ feedLength: 100, retention: { count: 2 } });
    const memory = memoryStore({ retention: { count: 2 }, maxTotalBytes: false });
    for (const one of [store, memory]) {
      await one.startEpoch('e1');
      const entries = many(4 * CHANNELS + 700, nameOf);
      for (let i = 0; i < entries.length; i += 900) await one.append(entries.slice(i, i + 900), beginning);
    }
    for (let after = 4_000; ; ) {
      const [page, expected] = [await store.read(after, undefined, 1_700), await memory.read(after, undefined, 1_700)];
      expect(page.entries.map(({ seq, channel }) => [seq, channel])).toEqual(
        expected.entries.map(({ seq, channel }) => [seq, channel]),
      );
      expect([page.upTo, [...page.floors].sort()]).toEqual([expected.upTo, [...expected.floors].sort()]);
      after = page.upTo;
      if (after >= 4 * CHANNELS + 700) break;
    }
    await memory.close();
  });

  test('is swept in steps', async () => {
    const { store } = open({ retention: { ageMs: 60_000 } });
    await store.startEpoch('e1');
    const old = many(CHANNELS, nameOf).map((one) => ({ ...one, time: Date.now() - 59_000 }));
    for (let i = 0; i < old.length; i += 500) await store.append(old.slice(i, i + 500), beginning);
    await until('all are trimmed', async () => {
      await store.sweep();
      return (await store.read(0, undefined, 1)).entries.length === 0;
    });
    const page = await store.read(0, undefined, 1);
    expect([page.upTo, page.floors.size]).toEqual([CHANNELS, CHANNELS]);
  });

  test('reads of thousands of channels in one call', async () => {
    const { store } = open();
    await store.startEpoch('e1');
    await store.append(many(CHANNELS * 2, nameOf), beginning);
    const names = Array.from({ length: CHANNELS + 500 }, (_, i) => `c${i}`);
    const page = await store.read(CHANNELS, names, 10_000);
    expect(page.entries.map(({ seq }) => seq)).toEqual(range(CHANNELS + 1, CHANNELS * 2));
    expect(page.floors.size).toBe(names.length);
  });
});
