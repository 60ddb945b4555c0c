import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { Recorder } from '@headwater/conformance';
import { type NewEntry, systemClock } from '@headwater/core';
import { type PostgresServer, type PostgresServerOptions, startPostgres, until } from '@headwater/services';
import pg from 'pg';
import { describe, expect, onTestFinished, test } from 'vitest';
import { type PostgresStoreOptions, publishIn } from '../src/index.js';
import { begin, openStore, textOf } from './kit.js';

async function start(options?: PostgresServerOptions): Promise<PostgresServer> {
  const server = await startPostgres(options);
  onTestFinished(() => server.stop());
  return server;
}

function entry(text: string): NewEntry {
  return { channel: 'a', body: Buffer.from(`data: ${text}\n`), time: systemClock.now() };
}

/** How long it takes. */
async function timed(run: () => Promise<unknown>): Promise<number> {
  const begun = performance.now();
  await run();
  return performance.now() - begun;
}

const connections: Record<string, (server: PostgresServer) => PostgresStoreOptions> = {
  'a connection string': ({ url }) => ({ connectionString: url }),
  'a pool': ({ url }) => {
    const pool = new pg.Pool({ connectionString: url, max: 2 });
    pool.on('error', () => {});
    return { pool };
  },
};

describe.each(Object.entries(connections))('over %s', (_, optionsFor) => {
  test('a server that is frozen is noticed by its tails within two seconds, and calls fail at once from then on', async () => {
    const server = await start();
    const store = openStore(optionsFor(server));
    const at = await begin(store, 'e1');
    const followers = [await Recorder.of(store, at), await Recorder.of(store, at)];
    server.pause();
    const frozen = performance.now();
    await until('the tails are lost', () => followers.every(({ errors }) => errors.length > 0));
    expect(performance.now() - frozen).toBeLessThan(2_000);
    for (const { errors } of followers) expect(errors).toEqual([expect.objectContaining({ code: 'ERR_SSE_STORE' })]);
    // The connections for calls are tried for a moment, and given up.
    await expect(store.state()).rejects.toMatchObject({ code: 'ERR_SSE_STORE' });
    for (let i = 0; i < 3; i++) {
      const call = store.append([entry('x')], at);
      expect(await timed(() => expect(call).rejects.toMatchObject({ code: 'ERR_SSE_STORE' }))).toBeLessThan(600);
    }
    server.resume();
    const position = await until('it is back', () => begin(store, 'e2'));
    const follower = await until('it is followed', () => Recorder.of(store, position));
    await store.append([entry('after')], position);
    await until('the entry has come', () => follower.seen.length === 1);
  });

  test('calls under way on a frozen server fail after the time limit', async () => {
    const server = await start();
    const store = openStore({ ...optionsFor(server), timeoutMs: 300 });
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

  test('a server that is killed loses the tails, fails calls at once, and has everything acknowledged again', async () => {
    const server = await start({ settings: { fsync: 'on', full_page_writes: 'on', synchronous_commit: 'off' } });
    const store = openStore(optionsFor(server));
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
    expect(await timed(() => expect(store.state()).rejects.toMatchObject({ code: 'ERR_SSE_STORE' }))).toBeLessThan(500);
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
  const [store, behind] = [openStore({ connectionString: server.url }), openStore({ connectionString: server.url })];
  const at = await begin(store, 'e1');
  await behind.state();
  await behind.append([entry('1'), entry('2')], at);
  const [data, copy] = [join(server.dir, 'data'), join(server.dir, 'copy')];
  await server.restart();
  // A copy of a server that runs is one only with PostgreSQL's own tools.
  await server.kill();
  execFileSync('cp', ['-a', data, copy]);
  await server.restart();
  await until('it is back', () => store.state());
  const [, seen] = await store.append([entry('3'), entry('4')], at);
  const follower = await until('it is followed', () => Recorder.of(store, seen!));
  await server.kill();
  execFileSync('rm', ['-r', data]);
  execFileSync('mv', [copy, data]);
  await server.restart();
  await until('the tail is lost', () => follower.errors.length > 0);
  expect(await until('it is back', () => store.state())).toMatchObject({ head: 2 });
  await expect(store.append([entry('x')], seen!)).rejects.toMatchObject({ code: 'ERR_SSE_FENCED' });
  // Who was not that far has not noticed anything. What it appends must not look like what was lost.
  const appended = await until('it is back', () => behind.append([entry('3b'), entry('4b')], { epoch: 'e1', seq: 2 }));
  expect(seen?.seq).toBe(4);
  expect(appended[1]?.seq).toBe(4);
  expect(['e1', seen?.epoch]).not.toContain(appended[1]?.epoch);
  await expect(store.append([entry('x')], seen!)).rejects.toMatchObject({ code: 'ERR_SSE_FENCED' });
  await expect(store.tail(seen!, new Recorder())).rejects.toMatchObject({ code: 'ERR_SSE_FENCED' });
});

test('what is committed while no process can reach the server is sent once one can', async () => {
  const server = await start();
  const store = openStore({ connectionString: server.url });
  const follower = await Recorder.of(store, await begin(store, 'e1'));
  const client = new pg.Client({ connectionString: server.url });
  client.on('error', () => {});
  await client.connect();
  await client.query('begin');
  await publishIn(client, 'a', 'before');
  await client.query('commit');
  await until('it has come', () => follower.seen.length === 1);
  await client.end();
  await server.kill();
  await until('the tail is lost', () => follower.errors.length > 0);
  await server.restart();
  await server.psql(`select headwater.sse_publish('headwater', 'a', 'meanwhile')`);
  const again = await until('it is followed', async () => Recorder.of(store, await begin(store, 'e2')));
  await until('it has come', async () => (await store.state()).head === 2);
  const { entries } = await store.read(0, ['a'], 10);
  expect(entries.map(textOf)).toEqual(['data: before\n', 'data: meanwhile\n']);
  expect(again.errors).toEqual([]);
});

test('connections that are cut, one by one and all of them, lose nothing', async () => {
  const server = await start();
  const admin = new pg.Client({ connectionString: server.url, application_name: 'test' });
  await admin.connect();
  onTestFinished(() => admin.end());
  const store = openStore({ connectionString: server.url });
  const at = await begin(store, 'e1');
  const acknowledged: number[] = [];
  for (let i = 1; i <= 60; i++) {
    if (i % 10 === 0) {
      const which = i % 20 === 0 ? '' : 'limit 1';
      await admin.query(`select pg_terminate_backend(pid) from
        (select pid from pg_stat_activity where application_name <> 'test' and backend_type = 'client backend' ${which}) c`);
    }
    const [appended] = await store.append([entry(`${i}`)], at).catch(() => []);
    if (appended) acknowledged.push(appended.seq);
    else await until('it is back', () => store.state());
  }
  const { entries } = await store.read(0, ['a'], 100);
  const seqs = entries.map(({ seq }) => seq);
  expect(seqs).toEqual(Array.from({ length: seqs.length }, (_, i) => i + 1));
  expect(acknowledged.filter((seq) => !seqs.includes(seq))).toEqual([]);
  expect(acknowledged.length).toBeGreaterThan(40);
});
