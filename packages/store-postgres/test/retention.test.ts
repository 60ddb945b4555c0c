/** What was trimmed: told to nobody who resumes, told to everybody who follows, and deleted in the end. */
import { Recorder } from '@headwater/conformance';
import { type Clock, type NewEntry, systemClock } from '@headwater/core';
import { until } from '@headwater/services';
import { expect, onTestFinished, test } from 'vitest';
import type { PostgresStoreOptions } from '../src/index.js';
import { begin, dropLog, newName, openStore, usePostgres } from './kit.js';

// A server of its own: one test changes its tables.
const { url, admin } = await usePostgres({ max_connections: 50 });

const SECOND = 1_000;
const HOUR = 3_600_000;

/** A clock that only a test moves, and a log by it. */
function open(options: Partial<PostgresStoreOptions>) {
  let now = 1_700_000_000_000;
  const clock: Clock = { ...systemClock, now: () => now };
  const name = newName();
  onTestFinished(() => dropLog(admin, name));
  const store = openStore({ connectionString: url, name, clock, ...options });
  const pass = (ms: number) => {
    now += ms;
    return store.sweep();
  };
  const entry = (channel: string, text = 'x'): NewEntry => ({ channel, body: Buffer.from(text), time: now });
  const count = async (table: string) => {
    const { rows } = await admin.query<{ n: number }>(
      `select count(*)::int as n from headwater.${table} where log = (select id from headwater.logs where name = $1)`,
      [name],
    );
    return rows[0]?.n;
  };
  return { name, store, pass, entry, count };
}

test('a channel that keeps only its last entry is followed without a gap', async () => {
  const { store, entry } = open({ retention: { count: 1 } });
  const at = await begin(store, 'e1');
  const follower = await Recorder.of(store, at);
  for (let i = 0; i < 5; i++)
    await store.append(
      Array.from({ length: 200 }, () => entry('latest')),
      at,
    );
  await until('all have come', () => follower.seen.length === 1_000);
  expect(follower.errors).toEqual([]);
  expect((await store.read(0, ['latest'], 10)).entries.map(({ seq }) => seq)).toEqual([1_000]);
  expect((await store.read(0, undefined, 10)).entries.map(({ seq }) => seq)).toEqual([1_000]);
});

test('rows of what was trimmed are deleted some seconds later, but for the newest thousand of the log', async () => {
  const { store, entry, count, pass } = open({ retention: { count: 10 } });
  const at = await begin(store, 'e1');
  for (let i = 0; i < 6; i++)
    await store.append(
      Array.from({ length: 1_000 }, () => entry(`c${i % 2}`)),
      at,
    );
  await store.sweep();
  expect(await count('entries')).toBe(6_000);
  for (let i = 0; i < 3; i++) await pass(6 * SECOND);
  // The ten that c0 keeps are older than those.
  expect(await count('entries')).toBe(1_010);
  const page = await store.read(0, ['c0', 'c1'], 100);
  expect(page.entries.map(({ seq }) => seq)).toEqual([
    ...Array.from({ length: 10 }, (_, i) => 4_991 + i),
    ...Array.from({ length: 10 }, (_, i) => 5_991 + i),
  ]);
  expect([...page.floors]).toEqual([
    ['c0', 4_990],
    ['c1', 5_990],
  ]);
  // A tail whose place is gone says so, and is not led around the gap.
  await expect(store.tail({ epoch: 'e1', seq: 100 }, new Recorder())).rejects.toMatchObject({
    code: 'ERR_SSE_POSITION',
  });
});

test('a tail that has fallen behind what was deleted is lost, and skips nothing', async () => {
  const { name, store, entry } = open({});
  const at = await begin(store, 'e1');
  const follower = await Recorder.of(store, at);
  await store.append([entry('a')], at);
  await until('the first has come', () => follower.seen.length === 1);
  // Deleted before anybody could see it.
  const client = await admin.connect();
  await client.query('begin');
  await client.query('select from headwater.logs where name = $1 for update', [name]);
  const appends = [store.append([entry('a')], at), store.append([entry('a')], at)];
  await client.query(`create or replace function pg_temp.drop_second() returns trigger language plpgsql as
    'begin if new.seq = 2 then return null; end if; return new; end'`);
  await client.query(
    'create trigger drop_second before insert on headwater.entries for each row execute function pg_temp.drop_second()',
  );
  await client.query('commit');
  await Promise.all(appends);
  await until('it is lost', () => follower.errors.length > 0);
  expect(follower.seqs).toEqual([1]);
  expect(follower.errors).toEqual([expect.objectContaining({ code: 'ERR_SSE_POSITION' })]);
  await client.query('drop trigger drop_second on headwater.entries');
  client.release();
});

test('very many idle channels are forgotten, and what is kept of them is one number', async () => {
  const { store, entry, count, pass } = open({ retention: { ageMs: HOUR }, forgetAfterMs: HOUR });
  const at = await begin(store, 'e1');
  await store.append(
    Array.from({ length: 3_000 }, (_, i) => entry(`c${i}`)),
    at,
  );
  await pass(2 * HOUR);
  await store.append(
    Array.from({ length: 1_500 }, () => entry('busy')),
    at,
  );
  for (let i = 0; i < 4; i++) await pass(10 * SECOND);
  expect(await count('channels')).toBe(1);
  expect(await count('entries')).toBe(1_500);
  const page = await store.read(2_500, ['c7', 'busy'], 0);
  expect([page.forgotten, ...page.floors.values()]).toEqual([3_000, 3_000, 0]);
});

test('keys, cursors and snapshots that are too old are deleted', async () => {
  const { store, entry, count, pass } = open({});
  const at = await begin(store, 'e1');
  const time = entry('a').time;
  await store.append(
    Array.from({ length: 2_500 }, (_, i) => ({ ...entry('a'), key: `${i}` })),
    at,
  );
  await Promise.all(Array.from({ length: 50 }, (_, i) => store.saveCursor(`client-${i}`, { at, time })));
  await store.saveSnapshot('b', { at, data: 'x', time });
  await pass(HOUR);
  expect([await count('keys'), await count('cursors'), await count('snapshots')]).toEqual([0, 50, 1]);
  await pass(8 * 24 * HOUR);
  expect([await count('keys'), await count('cursors'), await count('snapshots')]).toEqual([0, 0, 0]);
});

test('by itself a store trims by age within seconds', async () => {
  const name = newName();
  onTestFinished(() => dropLog(admin, name));
  const store = openStore({ connectionString: url, name, retention: { ageMs: 500 } });
  const at = await begin(store, 'e1');
  await store.append([{ channel: 'a', body: Buffer.from('x'), time: Date.now() }], at);
  await until('it is trimmed', async () => (await store.read(0, ['a'], 1)).floors.get('a') === 1);
});

test('of many that ask to sweep at once one may, and after a while another one', async () => {
  await openStore({ connectionString: url }).state();
  const ask = async (everyMs: number) => {
    const { rows } = await admin.query<{ may: boolean }>('select headwater.may_sweep($1, $2) as may', [
      'asked',
      everyMs,
    ]);
    return rows[0]?.may;
  };
  const answers = await Promise.all(Array.from({ length: 20 }, () => ask(60_000)));
  expect(answers.filter((may) => may)).toEqual([true]);
  await until('the next one may', () => ask(20));
});
