/** A log that is long, and one whose front was purged: what is read, and how much is read for it. */
import { Recorder } from '@headwater/conformance';
import type { Page } from '@headwater/core';
import { until } from '@headwater/services';
import { type JetStreamManager, jetstreamManager } from '@nats-io/jetstream';
import { connect, headers } from '@nats-io/transport-node';
import { expect, onTestFinished, test } from 'vitest';
import type { NatsStore } from '../src/index.js';
import { encodeRecord, HEADER } from '../src/record.js';
import { begin, entry, newName, open, serve } from './kit.js';

const LONG = 20_000;

async function managerOf(url: string): Promise<JetStreamManager> {
  const nc = await connect({ servers: url });
  onTestFinished(() => nc.close());
  return jetstreamManager(nc);
}

async function readAll(store: NatsStore, channels: readonly string[] | undefined, limit: number): Promise<number[]> {
  const seqs: number[] = [];
  for (let after = 0; ; ) {
    const page = await store.read(after, channels, limit);
    seqs.push(...page.entries.map(({ seq }) => seq));
    if (page.entries.length < limit) return seqs;
    after = page.upTo;
  }
}

test('a long history is read in pages, by a process that has just come, and a rare channel without the rest', async () => {
  const { url } = await serve();
  const name = newName();
  const writer = open({ servers: url, name });
  const at = await begin(writer, 'e1');
  // Single appends, so that each is a message of its own or shares one with those of the moment.
  const rare: number[] = [];
  for (let i = 0; i < LONG; i += 500) {
    const [first] = await writer.append([entry('rare', `${i}`)], at);
    rare.push(first?.seq ?? 0);
    await Promise.all(Array.from({ length: 499 }, (_, n) => writer.append([entry(`busy${n % 7}`, `${i + n}`)], at)));
  }
  const reader = open({ servers: url, name });
  expect(await reader.state()).toEqual(await writer.state());
  expect(await readAll(reader, undefined, 3_000)).toEqual(Array.from({ length: LONG }, (_, i) => i + 1));
  expect(await readAll(reader, ['rare'], 7)).toEqual(rare);
  const nc = await connect({ servers: url });
  onTestFinished(() => nc.close());
  let fetched = 0;
  nc.subscribe('$JS.API.DIRECT.GET.>', { callback: () => void fetched++ });
  await nc.flush();
  const late = open({ servers: url, name });
  const page: Page = await late.read(LONG - 1_000, ['rare'], 100);
  await nc.flush();
  expect(page.entries.map(({ seq }) => seq)).toEqual(rare.slice(-2));
  expect(fetched).toBe(2);
  const follower = await Recorder.of(late, { epoch: 'e1', seq: 0 });
  await until('all have come', () => follower.seen.length === LONG);
  expect(follower.seqs).toEqual(Array.from({ length: LONG }, (_, i) => i + 1));
});

test('what is purged leaves behind the head, the epochs, the floors and where quiet channels ended', async () => {
  const { url } = await serve();
  const name = newName();
  const options = { servers: url, name, retention: { count: 3 } };
  const store = open(options);
  const jsm = await managerOf(url);
  const at = await begin(store, 'e1');
  await store.append([entry('quiet', '1')], at);
  await store.append([entry('keyed', '2', 'key')], at);
  await store.startEpoch('e2');
  for (let i = 3; i <= 10; i++) await store.append([entry('busy', `${i}`)], at);
  await store.sweep();
  // The key is in use, so nothing from its message on is purged.
  expect((await jsm.streams.info(`HW_LOG_${name}`)).state.first_seq).toBe(3);
  expect(await readAll(store, undefined, 100)).toEqual([8, 9, 10]);
  const late = open(options);
  expect(await late.state()).toEqual(await store.state());
  for (const one of [store, late]) {
    const page = await one.read(0, ['quiet', 'keyed', 'busy', 'never'], 100);
    expect([...page.floors, page.forgotten]).toEqual([['quiet', 1], ['keyed', 2], ['busy', 7], ['never', 0], 0]);
  }
  const [again, next] = await late.append([entry('keyed', 'again', 'key'), entry('quiet', 'next')], at);
  expect([again?.seq, again?.duplicate, next?.seq]).toEqual([2, true, 11]);
  const [entryOfQuiet] = (await store.read(10, ['quiet'], 1)).entries;
  expect(entryOfQuiet?.prev).toBe(1);
});

test('what is purged at the end of its keys’ time is one table and the entries that are left', async () => {
  const { url } = await serve();
  const name = newName();
  const options = { servers: url, name, retention: { count: 2 }, keyTtlMs: 0 };
  const store = open(options);
  const jsm = await managerOf(url);
  const at = await begin(store, 'e1');
  for (let i = 0; i < 3_000; i++) void store.append([entry(`channel${i % 1_500}`, `${i}`, `${i}`)], at).catch(() => {});
  await store.append([entry('last')], at);
  await store.append([entry('last')], at);
  await store.sweep();
  const { state } = await jsm.streams.info(`HW_LOG_${name}`);
  // The last two entries, each in a message of its own at most, and a table of 1,500 channels in two parts.
  expect(state.messages).toBeLessThanOrEqual(4);
  const late = open(options);
  const page = await late.read(0, ['channel0', 'channel1499', 'last', 'never'], 10);
  expect([...page.floors.values(), page.forgotten]).toEqual([1_501, 3_000, 0, 0, 0]);
  expect(page.entries.map(({ seq }) => seq)).toEqual([3_001, 3_002]);
  await store.append([entry('channel0')], at);
  expect((await late.read(3_002, ['channel0'], 1)).entries[0]?.prev).toBe(1_501);
});

test('a stream that somebody else purged has a floor for everything that was in it', async () => {
  const { url } = await serve();
  const name = newName();
  const store = open({ servers: url, name });
  const jsm = await managerOf(url);
  const at = await begin(store, 'e1');
  for (let i = 1; i <= 6; i++) await store.append([entry(i % 2 ? 'a' : 'b', `${i}`)], at);
  // The epoch and four entries.
  await jsm.streams.purge(`HW_LOG_${name}`, { seq: 6 });
  const page = await store.read(0, ['a', 'b', 'c'], 10);
  expect(page.entries.map(({ seq }) => seq)).toEqual([5, 6]);
  expect([...page.floors.values(), page.forgotten]).toEqual([3, 4, 0, 0]);
  await expect(store.tail({ epoch: 'e1', seq: 3 }, new Recorder())).rejects.toMatchObject({ code: 'ERR_SSE_POSITION' });
  const late = open({ servers: url, name });
  const other = await late.read(0, ['a', 'b', 'c'], 10);
  expect(other.entries.map(({ seq }) => seq)).toEqual([5, 6]);
  // The previous entries of both are known from their own; of a channel without any nothing is known.
  expect([...other.floors.values(), other.forgotten]).toEqual([3, 4, 4, 4]);
  expect(await late.state()).toMatchObject({ head: 6 });
});

test('a message in the middle that somebody deleted is a floor, and never a hole', async () => {
  const { url } = await serve();
  const name = newName();
  const store = open({ servers: url, name });
  const jsm = await managerOf(url);
  const at = await begin(store, 'e1');
  for (let i = 1; i <= 6; i++) await store.append([entry('a', `${i}`)], at);
  await jsm.streams.deleteMessage(`HW_LOG_${name}`, 4);
  const late = open({ servers: url, name });
  const page = await late.read(0, ['a'], 10);
  expect([page.floors.get('a'), page.entries.map(({ seq }) => seq)]).toEqual([3, [4, 5, 6]]);
  await late.append([entry('a', '7')], { epoch: 'e1', seq: 6 });
  expect((await late.read(6, ['a'], 10)).entries.map(({ seq, prev }) => [seq, prev])).toEqual([[7, 6]]);
});

test('a message at the end that somebody deleted is one that never was to who comes, and a loss to who saw it', async () => {
  const { url } = await serve();
  const name = newName();
  const store = open({ servers: url, name });
  const jsm = await managerOf(url);
  const at = await begin(store, 'e1');
  for (let i = 1; i <= 3; i++) await store.append([entry('a', `${i}`)], at);
  const follower = await Recorder.of(store, { epoch: 'e1', seq: 3 });
  await jsm.streams.deleteMessage(`HW_LOG_${name}`, 4);
  const late = open({ servers: url, name });
  expect(await late.state()).toMatchObject({ head: 2 });
  await late.startEpoch('e2');
  const [appended] = await late.append([entry('a', 'new')], { epoch: 'e1', seq: 2 });
  expect(appended).toEqual({ epoch: 'e2', seq: 3, duplicate: false });
  await until('the tail is lost', () => follower.errors.length > 0);
  const state = await until('it is back', () => store.state());
  expect(state).toEqual(await late.state());
  await expect(store.append([entry('a')], { epoch: 'e1', seq: 3 })).rejects.toMatchObject({ code: 'ERR_SSE_FENCED' });
});

test('messages that do not belong to the log are passed over by everybody', async () => {
  const { url } = await serve();
  const name = newName();
  const store = open({ servers: url, name });
  const at = await begin(store, 'e1');
  await store.append([entry('a', '1')], at);
  const follower = await Recorder.of(store, at);
  const nc = await connect({ servers: url });
  onTestFinished(() => nc.close());
  nc.publish(`hw.${name}.log`, 'not a record');
  // Of a writer whose log was another one: it follows a record that is not there.
  const stray = headers();
  const lost = { channel: 'a', prev: 1, time: 0, size: 4, key: undefined };
  const record = { id: 'stray', parent: 'elsewhere', base: 1, written: 0, epoch: 'e1', entries: [lost] };
  stray.set(HEADER, encodeRecord(record));
  nc.publish(`hw.${name}.log`, 'lost', { headers: stray });
  await nc.flush();
  await until('it is back', async () => (await store.append([entry('a', '2')], { epoch: 'e1', seq: 1 })).length > 0);
  for (const one of [store, open({ servers: url, name })]) {
    const { entries } = await one.read(0, undefined, 10);
    expect(entries.map(({ seq, body }) => [seq, String(body)])).toEqual([
      [1, 'data: 1\n'],
      [2, 'data: 2\n'],
    ]);
  }
  expect(follower.seqs.every((seq, i) => seq === i + 1)).toBe(true);
});

test('sweeps among writers and new epochs leave every process with the same log', async () => {
  const { url } = await serve();
  const name = newName();
  const options = { servers: url, name, retention: { count: 20 }, keyTtlMs: 0 };
  const stores = [open(options), open(options), open(options)];
  const [first] = stores;
  const at = await begin(first as NatsStore, 'e0');
  const lasts = new Map<string, number>();
  const write = async (store: NatsStore, n: number) => {
    for (let i = 0; i < 100; i++) {
      const channel = i % 10 === 0 ? `rare${n}-${i}` : `busy${n}`;
      const [appended] = await store.append([entry(channel, `${i}`, `${i}`)], at);
      lasts.set(channel, appended?.seq ?? 0);
      if (i % 9 === n) await store.startEpoch(`e${n}-${i}`);
      if (i % 7 === n) await store.sweep();
    }
  };
  await Promise.all(stores.map(write));
  await Promise.all(stores.map((store) => store.sweep()));
  const { state } = await (await managerOf(url)).streams.info(`HW_LOG_${name}`);
  expect(state.messages).toBeLessThan(60);
  const late = open(options);
  const names = [...lasts.keys()];
  const page = await late.read(280, names, 100);
  expect(page.entries.map(({ seq }) => seq)).toEqual(Array.from({ length: 20 }, (_, i) => 281 + i));
  for (const store of stores) {
    expect(await store.state()).toEqual(await late.state());
    const { entries, floors } = await store.read(280, names, 100);
    expect(entries).toEqual(page.entries);
    expect(floors).toEqual(page.floors);
  }
  for (const [channel, last] of lasts) if (last <= 280) expect(page.floors.get(channel)).toBe(last);
});
