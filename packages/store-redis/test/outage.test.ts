import { copyFileSync } from 'node:fs';
import { join } from 'node:path';
import { Recorder } from '@headwater/conformance';
import { type NewEntry, type Position, systemClock } from '@headwater/core';
import { Forwarder, type RedisServer, type RedisServerOptions, startRedis, until } from '@headwater/services';
import { Redis } from 'ioredis';
import { createClient } from 'redis';
import { describe, expect, onTestFinished, test } from 'vitest';
import { type RedisStore, type RedisStoreOptions, redisStore } from '../src/index.js';

async function start(options?: RedisServerOptions): Promise<RedisServer> {
  const server = await startRedis(options);
  onTestFinished(() => server.stop());
  return server;
}

function open(options: RedisStoreOptions): RedisStore {
  const store = redisStore({ onWarning: () => {}, ...options });
  onTestFinished(() => store.close());
  return store;
}

function entry(text: string): NewEntry {
  return { channel: 'a', body: Buffer.from(`data: ${text}\n`), time: systemClock.now() };
}

/** Where the hub would stand. */
async function begin(store: RedisStore, epoch: string): Promise<Position> {
  const { head, epochs } = await store.startEpoch(epoch);
  return { epoch: epochs.findLast(({ start }) => start <= head)?.epoch ?? epoch, seq: head };
}

/** How long it takes. */
async function timed(run: () => Promise<unknown>): Promise<number> {
  const begun = performance.now();
  await run();
  return performance.now() - begun;
}

const models = {
  'node-redis': (url: string) => createClient({ url }),
  ioredis: (url: string) => new Redis(url, { lazyConnect: true }),
};

describe.each(Object.entries(models))('over %s', (_, model) => {
  test('a server that is frozen is noticed by its tails within two seconds, and calls fail at once from then on', async () => {
    const server = await start();
    const store = open({ client: model(server.url) });
    const at = await begin(store, 'e1');
    const followers = [await Recorder.of(store, at), await Recorder.of(store, at)];
    server.pause();
    const frozen = performance.now();
    await until('the tails are lost', () => followers.every(({ errors }) => errors.length > 0));
    expect(performance.now() - frozen).toBeLessThan(2_000);
    for (const { errors } of followers) expect(errors).toEqual([expect.objectContaining({ code: 'ERR_SSE_STORE' })]);
    // The connection for calls is tried for a moment, and given up.
    const first = expect(store.state()).rejects.toMatchObject({ code: 'ERR_SSE_STORE' });
    expect(await timed(() => first)).toBeLessThan(1_500);
    for (let i = 0; i < 3; i++) {
      const call = store.append([entry('x')], at);
      expect(await timed(() => expect(call).rejects.toMatchObject({ code: 'ERR_SSE_STORE' }))).toBeLessThan(600);
    }
    server.resume();
    const position = await until('it is back', () => begin(store, 'e2'));
    const follower = await Recorder.of(store, position);
    await store.append([entry('after')], position);
    await until('the entry has come', () => follower.seen.length === 1);
  });

  test('calls under way on a frozen server fail after the time limit', async () => {
    const server = await start();
    const store = open({ client: model(server.url), timeoutMs: 300 });
    const at = await begin(store, 'e1');
    server.pause();
    const calls = [store.append([entry('1')], at), store.state(), store.read(0, ['a'], 10)];
    const took = await timed(async () => {
      for (const call of calls) await expect(call).rejects.toMatchObject({ code: 'ERR_SSE_STORE' });
    });
    expect(took).toBeLessThan(1_500);
    server.resume();
    await until('it is back', () => store.state());
  });

  test('a server that is killed loses the tails, fails calls at once, and has everything again with its append-only file', async () => {
    const server = await start({ args: ['--appendonly', 'yes', '--appendfsync', 'always'] });
    const store = open({ client: model(server.url) });
    const at = await begin(store, 'e1');
    const follower = await Recorder.of(store, at);
    const acknowledged: number[] = [];
    let isOver = false;
    const publisher = async (name: string) => {
      for (let i = 0; !isOver; i++) {
        const [appended] = await store.append([entry(`${name} ${i}`)], at).catch(() => []);
        if (!appended) return;
        acknowledged.push(appended.seq);
      }
    };
    const publishers = Promise.all(['x', 'y', 'z'].map(publisher));
    await until('some are acknowledged', () => acknowledged.length > 100);
    await server.kill();
    isOver = true;
    await publishers;
    await until('the tail is lost', () => follower.errors.length > 0);
    const took = await timed(() => expect(store.state()).rejects.toMatchObject({ code: 'ERR_SSE_STORE' }));
    expect(took).toBeLessThan(500);
    await server.restart();
    const { head } = await until('it is back', () => store.startEpoch('e2'));
    const { entries } = await store.read(0, ['a'], 100_000);
    expect(entries.map(({ seq }) => seq)).toEqual(Array.from({ length: head }, (_, i) => i + 1));
    expect(acknowledged.filter((seq) => seq > head)).toEqual([]);
    // The own place is still good: nothing was lost.
    await store.append([entry('after')], { epoch: 'e1', seq: Math.max(...acknowledged) });
  });
});

test('a server that is started with an older copy of its files refuses whoever has seen more', async () => {
  const server = await start();
  const admin = new Redis(server.url);
  onTestFinished(() => admin.disconnect());
  const [store, behind] = [open({ url: server.url }), open({ url: server.url })];
  await begin(behind, 'e0');
  const at = await begin(store, 'e1');
  await store.append([entry('1'), entry('2')], at);
  await admin.save();
  copyFileSync(join(server.dir, 'dump.rdb'), join(server.dir, 'copy.rdb'));
  await store.append([entry('3'), entry('4')], at);
  const follower = await Recorder.of(store, { epoch: 'e1', seq: 4 });
  await server.kill();
  copyFileSync(join(server.dir, 'copy.rdb'), join(server.dir, 'dump.rdb'));
  await server.restart();
  await until('the tail is lost', () => follower.errors.length > 0);
  expect(await until('it is back', () => store.state())).toMatchObject({ head: 2 });
  const seen = { epoch: 'e1', seq: 4 };
  await expect(store.append([entry('x')], seen)).rejects.toMatchObject({ code: 'ERR_SSE_FENCED' });
  // Who was not that far has not noticed anything. What it appends must not look like what was lost.
  const appended = await until('it is back', () => behind.append([entry('3b'), entry('4b')], { epoch: 'e1', seq: 2 }));
  expect(appended.map(({ seq }) => seq)).toEqual([3, 4]);
  expect(['e0', 'e1']).not.toContain(appended[1]?.epoch);
  await expect(store.append([entry('x')], seen)).rejects.toMatchObject({ code: 'ERR_SSE_FENCED' });
  await expect(store.tail(seen, new Recorder())).rejects.toMatchObject({ code: 'ERR_SSE_FENCED' });
});

test('a replica that lags and is promoted refuses whoever has seen more', async () => {
  const primary = await start({ args: ['--repl-diskless-sync-delay', '0'] });
  const replica = await start({ args: ['--replicaof', '127.0.0.1', String(primary.port)] });
  const admins = [new Redis(primary.url), new Redis(replica.url)] as const;
  const address = await Forwarder.to(primary.port);
  onTestFinished(() => {
    for (const admin of admins) admin.disconnect();
    address.close();
  });
  await until('the replica follows', async () => (await admins[1].info('replication')).includes('link_status:up'));
  const store = open({ url: `redis://127.0.0.1:${address.port}` });
  const at = await begin(store, 'e1');
  await store.append([entry('1'), entry('2')], at);
  await until('it has both', async () => (await admins[1].hget('hw:{headwater}:log', 'head')) === '2');
  // Cut off from its primary, as by a network that fails before the primary does.
  await admins[1].replicaof('127.0.0.1', 1);
  await store.append([entry('3')], at);
  const follower = await Recorder.of(store, { epoch: 'e1', seq: 3 });
  await primary.kill();
  await admins[1].replicaof('NO', 'ONE');
  address.moveTo(replica.port);
  await until('the tail is lost', () => follower.errors.length > 0);
  const { head } = await until('it is back', () => store.startEpoch('e2'));
  expect(head).toBe(2);
  await expect(store.append([entry('x')], { epoch: 'e1', seq: 3 })).rejects.toMatchObject({ code: 'ERR_SSE_FENCED' });
  const [appended] = await store.append([entry('3b')], { epoch: 'e1', seq: 2 });
  expect(appended).toMatchObject({ epoch: 'e2', seq: 3 });
});

test('a log that is put back beneath a tail, whose connection holds, is not followed unnoticed', async () => {
  const server = await start();
  const admin = new Redis(server.url);
  onTestFinished(() => admin.disconnect());
  const [store, other] = [open({ url: server.url }), open({ url: server.url })];
  const at = await begin(store, 'e1');
  await store.append([entry('1')], at);
  const key = 'hw:{headwater}:log';
  const copy = (await admin.dumpBuffer(key)) as Buffer;
  await store.append([entry('2'), entry('3')], at);
  const follower = await Recorder.of(store, at);
  await until('all have come', () => follower.seen.length === 3);
  await admin.multi().del(key, 'hw:{headwater}:c:a', 'hw:{headwater}:feed').restore(key, 0, copy).exec();
  await other.startEpoch('e2');
  await other.append([entry('2b'), entry('3b'), entry('4b')], { epoch: 'e1', seq: 1 });
  await until('the tail is lost', () => follower.errors.length > 0);
  expect(follower.seqs).toEqual([1, 2, 3]);
  expect(follower.errors).toEqual([expect.objectContaining({ code: 'ERR_SSE_FENCED' })]);
});

test('the user’s own client is neither used nor closed', async () => {
  const server = await start();
  const clients = [createClient({ url: server.url }), new Redis(server.url)] as const;
  await clients[0].connect();
  onTestFinished(() => {
    clients[0].destroy();
    clients[1].disconnect();
  });
  for (const client of clients) {
    const store = open({ client });
    const at = await begin(store, 'e1');
    const follower = await Recorder.of(store, at);
    await store.close();
    expect(follower.errors).toEqual([]);
  }
  expect([await clients[0].ping(), await clients[1].ping()]).toEqual(['PONG', 'PONG']);
});
