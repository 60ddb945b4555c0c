/** Notifications are only hints: everything arrives without them. */
import { Recorder } from '@headwater/conformance';
import { until } from '@headwater/services';
import pg from 'pg';
import { expect, onTestFinished, test } from 'vitest';
import { publishIn, schemaSql } from '../src/index.js';
import { begin, openStore, usePostgres } from './kit.js';

const { url, admin } = await usePostgres({ max_connections: 50 });

test('where no notification ever arrives, entries and the outbox are found by looking', async () => {
  await admin.query('create database silent');
  const connectionString = url.replace(/postgres$/, 'silent');
  const client = new pg.Client({ connectionString });
  await client.connect();
  onTestFinished(() => client.end());
  await client.query(schemaSql().replaceAll(/^ +perform pg_notify\(.*$/gm, ''));
  const [store, other] = [openStore({ connectionString }), openStore({ connectionString })];
  const at = await begin(store, 'e1');
  const follower = await Recorder.of(other, at);
  for (let i = 1; i <= 3; i++) {
    const begun = performance.now();
    await store.append([{ channel: 'a', body: Buffer.from('x'), time: Date.now() }], at);
    await until('it has come', () => follower.seen.length === 2 * i - 1);
    await publishIn(client, 'a', 'y');
    await until('it has come', () => follower.seen.length === 2 * i);
    expect(performance.now() - begun).toBeLessThan(3_000);
  }
});

test('notifications of others, and of any content, do no harm', async () => {
  const store = openStore({ connectionString: url });
  const at = await begin(store, 'e1');
  const follower = await Recorder.of(store, at);
  for (const payload of [
    '',
    'e',
    'e:',
    'e:headwater',
    'o:headwater',
    'x:headwater',
    'e:another',
    'nonsense '.repeat(500),
  ]) {
    await admin.query('select pg_notify($1, $2)', ['headwater', payload]);
  }
  await store.append([{ channel: 'a', body: Buffer.from('x'), time: Date.now() }], at);
  await until('it has come', () => follower.seen.length === 1);
  expect(follower.errors).toEqual([]);
});

test('a pool of one connection is enough: what is kept for good is not taken from it', async () => {
  const pool = new pg.Pool({ connectionString: url, max: 1 });
  pool.on('error', () => {});
  onTestFinished(() => pool.end());
  const stores = [openStore({ pool, name: 'one' }), openStore({ pool, name: 'two' })];
  for (const store of stores) {
    const at = await begin(store, 'e1');
    const follower = await Recorder.of(store, at);
    await Promise.all(
      Array.from({ length: 20 }, () => store.append([{ channel: 'a', body: Buffer.from('x'), time: Date.now() }], at)),
    );
    await until('all have come', () => follower.seen.length === 20);
  }
  expect([pool.totalCount, pool.waitingCount]).toEqual([1, 0]);
  for (const store of stores) await store.close();
  expect((await pool.query('select 1 as one')).rows).toEqual([{ one: 1 }]);
});

test('a pool whose connections are all taken fails the call that waits, and nothing else', async () => {
  const pool = new pg.Pool({ connectionString: url, max: 1 });
  pool.on('error', () => {});
  onTestFinished(() => pool.end());
  const store = openStore({ pool, name: 'taken', timeoutMs: 200 });
  const at = await begin(store, 'e1');
  const follower = await Recorder.of(store, at);
  const taken = await pool.connect();
  await expect(store.state()).rejects.toMatchObject({ code: 'ERR_SSE_STORE' });
  taken.release();
  await store.append([{ channel: 'a', body: Buffer.from('x'), time: Date.now() }], at);
  await until('it has come', () => follower.seen.length === 1);
  expect(follower.errors).toEqual([]);
});
