/** A server that loses keys: what is gone is announced, never skipped. */
import { Recorder } from '@headwater/conformance';
import type { NewEntry, Position } from '@headwater/core';
import { until } from '@headwater/services';
import { expect, onTestFinished, test } from 'vitest';
import { type RedisStore, redisStore } from '../src/index.js';
import { dropLog, newName, useRedis } from './kit.js';

// A server of its own: it is flushed.
const { url, redis } = await useRedis([]);

const beginning: Position = { epoch: 'e1', seq: 0 };

function entry(channel: string, text = 'x'): NewEntry {
  return { channel, body: Buffer.from(`data: ${text}\n`), time: Date.now() };
}

/** Entries 1 to 6: `a` and `b` in turns. */
async function open(): Promise<{ store: RedisStore; key: (suffix: string) => string }> {
  const name = newName();
  const store = redisStore({ url, name, onWarning: () => {} });
  onTestFinished(async () => {
    await store.close();
    await dropLog(redis, name);
  });
  await store.startEpoch('e1');
  for (let i = 0; i < 3; i++) await store.append([entry('a'), entry('b')], beginning);
  return { store, key: (suffix) => `hw:{${name}}:${suffix}` };
}

test('a channel whose stream was evicted has all of it trimmed, and the others nothing', async () => {
  const { store, key } = await open();
  await redis.del(key('c:a'));
  const page = await store.read(0, ['a', 'b'], 10);
  expect(page.entries.map(({ seq }) => seq)).toEqual([2, 4, 6]);
  expect([...page.floors]).toEqual([
    ['a', 5],
    ['b', 0],
  ]);
});

test('a channel that got entries after its eviction has what came before trimmed', async () => {
  const { store, key } = await open();
  await redis.del(key('c:a'));
  await store.append([entry('a', 'new')], beginning);
  const page = await store.read(0, ['a'], 10);
  expect(page.entries.map(({ seq, prev }) => [seq, prev])).toEqual([[7, 5]]);
  expect(page.floors.get('a')).toBe(5);
  expect((await store.read(5, ['a'], 10)).entries.map(({ seq }) => seq)).toEqual([7]);
});

test('a floor that an eviction has raised is announced to readers of all channels, also without the feed', async () => {
  const { store, key } = await open();
  await redis.del(key('c:a'), key('feed'));
  const page = await store.read(0, undefined, 10);
  expect(page.entries.map(({ seq }) => seq)).toEqual([2, 4, 6]);
  expect([...page.floors]).toEqual([['a', 5]]);
  expect((await store.read(0, ['a'], 0)).floors.get('a')).toBe(5);
});

test('a tail that would need what was evicted is refused, and one beside it is lost', async () => {
  const { store, key } = await open();
  await redis.del(key('c:a'), key('feed'));
  const follower = await Recorder.of(store, { epoch: 'e1', seq: 2 });
  await until('it is lost', () => follower.errors.length > 0);
  expect([follower.seen, follower.errors]).toEqual([[], [expect.objectContaining({ code: 'ERR_SSE_POSITION' })]]);
  await expect(store.tail({ epoch: 'e1', seq: 2 }, new Recorder())).rejects.toMatchObject({ code: 'ERR_SSE_POSITION' });
});

test('an evicted feed hides nothing: reading goes through the channels', async () => {
  const { store, key } = await open();
  await redis.del(key('feed'));
  expect((await store.read(0, undefined, 10)).entries.map(({ seq }) => seq)).toEqual([1, 2, 3, 4, 5, 6]);
  await store.append([entry('a')], beginning);
  expect((await store.read(3, undefined, 10)).entries.map(({ seq }) => seq)).toEqual([4, 5, 6, 7]);
});

test('items that were evicted are not told as if there were none', async () => {
  const { store, key } = await open();
  await store.append([{ ...entry('a'), item: { id: '1', json: '{}' } }], beginning);
  await redis.del(key('i:a'));
  expect(await store.loadItems('a')).toBeUndefined();
  await store.append([{ ...entry('a'), item: { id: '2', json: '{}' } }], beginning);
  expect(await store.loadItems('a')).toBeUndefined();
  expect((await store.loadItems('b'))?.items).toEqual(new Map());
});

test('a log without its bookkeeping is a lost log, and nothing left of it comes back in the next one', async () => {
  const { store, key } = await open();
  await store.append(
    [{ channel: 'a', body: Buffer.from('x'), time: 0, key: 'key', item: { id: '1', json: '{}' } }],
    beginning,
  );
  await store.saveSnapshot('a', { at: { epoch: 'e1', seq: 7 }, data: 'lost', time: Date.now() });
  const follower = await Recorder.of(store, { epoch: 'e1', seq: 7 });
  await redis.del(key('log'));
  expect(await store.state()).toEqual({ head: 0, epochs: [] });
  await expect(store.append([entry('a')], { epoch: 'e1', seq: 7 })).rejects.toMatchObject({ code: 'ERR_SSE_FENCED' });
  await expect(store.append([entry('a')], beginning)).rejects.toMatchObject({ code: 'ERR_SSE_FENCED' });
  await until('the tail is lost', () => follower.errors.length > 0);
  await store.startEpoch('e2');
  const [appended] = await store.append([{ channel: 'a', body: Buffer.from('y'), time: Date.now(), key: 'key' }], {
    epoch: 'e2',
    seq: 0,
  });
  expect(appended).toEqual({ epoch: 'e2', seq: 1, duplicate: false });
  for (const channels of [['a', 'b'], undefined]) {
    const page = await store.read(0, channels, 10);
    expect(page.entries.map(({ seq, prev }) => [seq, prev])).toEqual([[1, 0]]);
  }
  expect((await store.loadItems('a'))?.items).toEqual(new Map());
  expect(await store.loadSnapshot('a')).toBeUndefined();
});

test('a flushed server is an empty log to everybody, at once', async () => {
  const { store } = await open();
  const follower = await Recorder.of(store, { epoch: 'e1', seq: 6 });
  await redis.flushall();
  expect(await store.state()).toEqual({ head: 0, epochs: [] });
  await expect(store.append([entry('a')], { epoch: 'e1', seq: 6 })).rejects.toMatchObject({ code: 'ERR_SSE_FENCED' });
  await until('the tail is lost', () => follower.errors.length > 0);
  expect(follower.errors).toEqual([expect.objectContaining({ code: 'ERR_SSE_FENCED' })]);
  expect(await store.startEpoch('e2')).toEqual({ head: 0, epochs: [{ epoch: 'e2', start: 0 }] });
});

test('a log in another layout is left alone', async () => {
  const { store, key } = await open();
  await redis.hset(key('log'), 'v', '2');
  const before = await redis.hgetallBuffer(key('log'));
  await expect(store.startEpoch('e2')).rejects.toMatchObject({
    code: 'ERR_SSE_STORE',
    message: expect.stringMatching(/layout 2/),
  });
  expect(await redis.hgetallBuffer(key('log'))).toEqual(before);
});

test('a server that is full refuses to append, keeps what it has, and goes on once there is room', async () => {
  const { store } = await open();
  const used = Number(/used_memory:(\d+)/.exec(await redis.info('memory'))?.[1]);
  await redis.config('SET', 'maxmemory', String(used - 1));
  onTestFinished(() => void redis.config('SET', 'maxmemory', '0'));
  await expect(store.append([entry('a')], beginning)).rejects.toMatchObject({
    code: 'ERR_SSE_STORE',
    message: expect.stringMatching(/OOM|maxmemory/),
  });
  expect((await store.read(0, undefined, 10)).entries).toHaveLength(6);
  await redis.config('SET', 'maxmemory', '0');
  const [appended] = await store.append([entry('a')], beginning);
  expect(appended?.seq).toBe(7);
});
