import { rmSync } from 'node:fs';
import { Recorder } from '@headwater/conformance';
import { until } from '@headwater/services';
import { jetstreamManager } from '@nats-io/jetstream';
import { connect, type NatsConnection } from '@nats-io/transport-node';
import { describe, expect, onTestFinished, test } from 'vitest';
import type { NatsStoreOptions } from '../src/index.js';
import { begin, copyFiles, entry, open, restoreFiles, start } from './kit.js';

/** How long it takes. */
async function timed(run: () => Promise<unknown>): Promise<number> {
  const begun = performance.now();
  await run();
  return performance.now() - begun;
}

async function connection(url: string): Promise<NatsConnection> {
  const nc = await connect({ servers: url, timeout: 500, reconnectTimeWait: 20, maxReconnectAttempts: -1 });
  onTestFinished(() => nc.close());
  return nc;
}

type Way = (url: string) => Promise<Pick<NatsStoreOptions, 'servers' | 'connection'>>;

const ways: Readonly<Record<string, Way>> = {
  servers: async (url) => ({ servers: url }),
  'a connection of the application': async (url) => ({ connection: await connection(url) }),
};

describe.each(Object.entries(ways))('by %s', (_, way) => {
  test('a server that is frozen is noticed by its tails within two seconds, and calls fail at once from then on', async () => {
    const server = await start();
    const store = open(await way(server.url));
    const at = await begin(store, 'e1');
    const followers = [await Recorder.of(store, at), await Recorder.of(store, at)];
    server.pause();
    const frozen = performance.now();
    await until('the tails are lost', () => followers.every(({ errors }) => errors.length > 0));
    expect(performance.now() - frozen).toBeLessThan(2_000);
    for (const { errors } of followers) expect(errors).toEqual([expect.objectContaining({ code: 'ERR_SSE_STORE' })]);
    for (let i = 0; i < 3; i++) {
      const call = store.append([entry('a')], at);
      expect(await timed(() => expect(call).rejects.toMatchObject({ code: 'ERR_SSE_STORE' }))).toBeLessThan(600);
    }
    server.resume();
    const position = await until('it is back', () => begin(store, 'e2'));
    const follower = await Recorder.of(store, position);
    await store.append([entry('a', 'after')], position);
    await until('the entry has come', () => follower.seen.length === 1);
  });

  test('calls under way on a frozen server fail after the time limit', async () => {
    const server = await start();
    const store = open({ ...(await way(server.url)), timeoutMs: 300 });
    const at = await begin(store, 'e1');
    server.pause();
    const calls = [store.append([entry('a')], at), store.state(), store.read(0, ['a'], 10)];
    const took = await timed(async () => {
      for (const call of calls) await expect(call).rejects.toMatchObject({ code: 'ERR_SSE_STORE' });
    });
    expect(took).toBeLessThan(1_500);
    server.resume();
    await until('it is back', () => store.state());
  });

  test('a server that is killed loses the tails, fails calls at once, and has everything that was acknowledged again', async () => {
    const server = await start();
    const store = open(await way(server.url));
    const at = await begin(store, 'e1');
    const follower = await Recorder.of(store, at);
    const acknowledged: number[] = [];
    let isOver = false;
    const publisher = async (name: string) => {
      for (let i = 0; !isOver; i++) {
        const [appended] = await store.append([entry('a', `${name} ${i}`)], at).catch(() => []);
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
    await store.append([entry('a', 'after')], { epoch: 'e1', seq: Math.max(...acknowledged) });
  });

  test('a publish whose answer was lost is stored once when it is tried again with its key', async () => {
    const server = await start();
    const store = open({ ...(await way(server.url)), timeoutMs: 500 });
    const at = await begin(store, 'e1');
    server.pause();
    let last = 0;
    // The signal takes a moment.
    const lost = await until('an answer is lost', async () => {
      const key = `${++last}`;
      const call = store.append([entry('a', key, key)], at);
      return call.then(
        () => undefined,
        () => key,
      );
    });
    server.resume();
    await until('it is back', () => store.append([entry('a', lost, lost)], at));
    const { entries } = await store.read(0, ['a'], 1_000);
    expect(entries.map(({ body }) => String(body))).toEqual(Array.from({ length: last }, (_, i) => `data: ${i + 1}\n`));
  });

  test('a server that is started with an older copy of its files refuses whoever has seen more', async () => {
    const server = await start();
    const [store, behind] = [open(await way(server.url)), open(await way(server.url))];
    await begin(behind, 'e0');
    const at = await begin(store, 'e1');
    await store.append([entry('a', '1'), entry('a', '2')], at);
    const copy = copyFiles(server);
    onTestFinished(() => rmSync(copy, { recursive: true }));
    await store.append([entry('a', '3'), entry('a', '4')], at);
    const follower = await Recorder.of(store, { epoch: 'e1', seq: 4 });
    await restoreFiles(server, copy);
    await until('the tail is lost', () => follower.errors.length > 0);
    expect(await until('it is back', () => store.state())).toMatchObject({ head: 2 });
    const seen = { epoch: 'e1', seq: 4 };
    await expect(store.append([entry('a')], seen)).rejects.toMatchObject({ code: 'ERR_SSE_FENCED' });
    // Who was not that far has not noticed anything. What it appends must not look like what was lost.
    const entries = [entry('a', '3b'), entry('a', '4b')];
    const appended = await until('it is back', () => behind.append(entries, { epoch: 'e1', seq: 2 }));
    expect(appended.map(({ seq }) => seq)).toEqual([3, 4]);
    expect(['e0', 'e1']).not.toContain(appended[1]?.epoch);
    await expect(store.append([entry('a')], seen)).rejects.toMatchObject({ code: 'ERR_SSE_FENCED' });
    await expect(store.tail(seen, new Recorder())).rejects.toMatchObject({ code: 'ERR_SSE_FENCED' });
  });

  test('a stream that is deleted beneath the store is an empty log to everybody', async () => {
    const server = await start();
    const [store, other] = [open(await way(server.url)), open(await way(server.url))];
    const jsm = await jetstreamManager(await connection(server.url));
    const at = await begin(store, 'e1');
    await store.append([entry('a', '1')], at);
    const seen = { epoch: 'e1', seq: 1 };
    const followers = [await Recorder.of(store, seen), await Recorder.of(other, seen)];
    await jsm.streams.delete('HW_LOG_headwater');
    await until('the tails are lost', () => followers.every(({ errors }) => errors.length > 0));
    expect(await until('it is back', () => store.state())).toEqual({ head: 0, epochs: [] });
    await expect(store.append([entry('a')], seen)).rejects.toMatchObject({ code: 'ERR_SSE_FENCED' });
    await store.startEpoch('e2');
    const [appended] = await store.append([entry('a', 'new')], { epoch: 'e2', seq: 0 });
    expect(appended).toEqual({ epoch: 'e2', seq: 1, duplicate: false });
    await until('the other one has noticed', async () => {
      const error = await other.append([entry('a')], seen).catch((reason: unknown) => reason);
      return (error as { code?: string }).code === 'ERR_SSE_FENCED';
    });
    expect((await other.read(0, undefined, 10)).entries.map(({ seq }) => seq)).toEqual([1]);
  });
});

test('the application’s own connection is not closed', async () => {
  const server = await start();
  const nc = await connection(server.url);
  const store = open({ connection: nc });
  const follower = await Recorder.of(store, await begin(store, 'e1'));
  await store.close();
  expect(follower.errors).toEqual([]);
  expect(nc.isClosed()).toBe(false);
  expect(await nc.rtt()).toBeGreaterThanOrEqual(0);
});

test('a connection that the application has closed is said to be', async () => {
  const server = await start();
  const nc = await connection(server.url);
  const store = open({ connection: nc });
  const follower = await Recorder.of(store, await begin(store, 'e1'));
  await nc.close();
  await until('the tail is lost', () => follower.errors.length > 0);
  await expect(store.state()).rejects.toMatchObject({
    code: 'ERR_SSE_STORE',
    message: expect.stringMatching(/closed/),
  });
});
