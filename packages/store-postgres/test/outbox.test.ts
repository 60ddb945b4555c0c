/** What is published within transactions: out once they have committed, in an order that skips nobody, and never otherwise. */
import { Recorder } from '@headwater/conformance';
import { createHub, type Position } from '@headwater/core';
import { startPostgres, until } from '@headwater/services';
import pg from 'pg';
import { afterAll, expect, onTestFinished, test } from 'vitest';
import { type PostgresStore, publishIn } from '../src/index.js';
import { begin, copyLog, newName, openStore, restoreLog, textOf } from './kit.js';

const server = await startPostgres();
const admin = new pg.Pool({ connectionString: server.url, application_name: 'test' });
admin.on('error', () => {});
afterAll(async () => {
  await admin.end();
  await server.stop();
});

/** A log with an epoch, and a tail of it. */
async function follow(
  name: string = newName(),
): Promise<{ name: string; store: PostgresStore; at: Position; follower: Recorder }> {
  const store = openStore({ connectionString: server.url, name });
  const at = await begin(store, 'e1');
  return { name, store, at, follower: await Recorder.of(store, at) };
}

async function client(connectionString: string = server.url): Promise<pg.Client> {
  const connected = new pg.Client({ connectionString, application_name: 'test' });
  await connected.connect();
  onTestFinished(() => connected.end());
  return connected;
}

test('what psql publishes within a transaction is out once it has committed, and not if it is rolled back', async () => {
  const { name, follower } = await follow();
  await server.psql(`begin; select headwater.sse_publish('${name}', 'news', 'never', 'story'); rollback;`);
  await server.psql(`begin; create table if not exists of_the_app (id int);
    select headwater.sse_publish('${name}', 'news', 'one' || chr(10) || 'two', 'story'); commit;`);
  await server.psql(`select headwater.sse_publish('${name}', 'news', jsonb_build_object('n', 3))`);
  await until('both have come', () => follower.seen.length >= 2);
  expect(follower.seen.map((entry) => [entry.seq, entry.channel, textOf(entry)])).toEqual([
    [1, 'news', 'event: story\ndata: one\ndata: two\n'],
    [2, 'news', 'data: {"n": 3}\n'],
  ]);
  expect(await server.psql(`select count(*) from headwater.outbox where log = '${name}'`)).toBe('0\n');
});

test('of two transactions the lower id commits later, with a reader between: nothing is skipped', async () => {
  const { name, store, follower } = await follow();
  const [slow, quick] = [await client(), await client()];
  await slow.query('begin');
  await publishIn(slow, 'a', 'slow', { name });
  await quick.query('begin');
  await publishIn(quick, 'a', 'quick', { name });
  await quick.query('commit');
  await until('the quick one has come', () => follower.seen.length === 1);
  const place = { epoch: 'e1', seq: 1 };
  expect(textOf(follower.seen[0]!)).toBe('data: quick\n');
  await slow.query('commit');
  await until('the slow one has come', () => follower.seen.length === 2);
  expect(follower.seen.map((entry) => [entry.seq, textOf(entry)])).toEqual([
    [1, 'data: quick\n'],
    [2, 'data: slow\n'],
  ]);
  // Also for who comes back from between the two.
  const again = await Recorder.of(store, place);
  await until('the slow one has come again', () => again.seen.length === 1);
  expect((await store.read(place.seq, ['a'], 10)).entries.map(textOf)).toEqual(['data: slow\n']);
});

test('of two appends the one that has its seq is waited for: nobody sees the later one before it', async () => {
  const { name, store, at, follower } = await follow();
  const slow = await client();
  await slow.query('begin');
  await slow.query(
    `select head from headwater.append($1, null, null, 'x', 0, '{e1}', '{0}', '{a}', '{Infinity}', '{Infinity}', '{Infinity}',
      '{1}', '{1}', '{0}', '{0}', '{4}', 'slow', null, null, null)`,
    [name],
  );
  const append = store.append([{ channel: 'a', body: Buffer.from('quick'), time: 0 }], at);
  const waiting = `select from pg_stat_activity where wait_event_type = 'Lock' and query like '%append%'`;
  await until('the other append waits', async () => (await admin.query(waiting)).rowCount);
  expect([(await store.state()).head, follower.seen]).toEqual([0, []]);
  await slow.query('commit');
  expect((await append).map(({ seq }) => seq)).toEqual([2]);
  await until('both have come', () => follower.seen.length === 2);
  expect(follower.seen.map((entry) => [entry.seq, textOf(entry)])).toEqual([
    [1, 'slow'],
    [2, 'quick'],
  ]);
});

test('a transaction that is left open delays nobody, neither in the outbox nor in the hub', async () => {
  const { name, store, at, follower } = await follow();
  const [open, other] = [await client(), await client()];
  await open.query('begin');
  await publishIn(open, 'a', 'open', { name });
  for (let i = 0; i < 20; i++) {
    const begun = performance.now();
    if (i % 2) await store.append([{ channel: 'a', body: Buffer.from(`${i}`), time: 0 }], at);
    else await publishIn(other, 'a', `${i}`, { name });
    await until(`${i} has come`, () => follower.seen.length > i);
    expect(performance.now() - begun).toBeLessThan(1_000);
  }
  await open.query('commit');
  await until('the open one has come too', () => follower.seen.length === 21);
  expect(follower.seqs).toEqual(Array.from({ length: 21 }, (_, i) => i + 1));
  expect(textOf(follower.seen[20]!)).toBe('data: open\n');
});

test('a transaction’s events keep their order, also where they are more than one move', async () => {
  const { name, follower } = await follow();
  const own = await client();
  await own.query('begin');
  await own.query(`select headwater.sse_publish($1, 'c' || i % 3, i::text) from generate_series(1, 2000) i`, [name]);
  await own.query('commit');
  await until('all have come', () => follower.seen.length === 2_000);
  expect(follower.seen.map(textOf)).toEqual(Array.from({ length: 2_000 }, (_, i) => `data: ${i + 1}\n`));
  expect(follower.seen.map(({ prev }) => prev)).toEqual(Array.from({ length: 2_000 }, (_, i) => Math.max(0, i - 2)));
});

test('publishIn and sse_publish encode as hub.publish does', async () => {
  const name = newName();
  const store = openStore({ connectionString: server.url, name });
  const hub = createHub({ store });
  onTestFinished(() => hub.close());
  await hub.ready();
  const own = await client();
  const texts = [
    '',
    ' ',
    'a\nb',
    '\r\n',
    '\r',
    '\n\r\n\r',
    'a\r\nb\rc\n',
    '\ufeff \u00e4 \u2028 \ud83d\ude00',
    '\\ \\n & %',
    '{"a":1}',
  ];
  for (const data of texts) {
    for (const event of [undefined, 'story', 'ä b', '']) {
      const message = event === undefined ? { data } : { data, event };
      await hub.publish('a', message);
      await publishIn(own, 'a', message, { name });
      await own.query('select headwater.sse_publish($1, $2, $3::text, $4)', [name, 'a', data, event]);
    }
  }
  const values = [{ a: [1, null, { b: '\u0000' }] }, [], 0, null, true, 'text'];
  for (const data of values) {
    await hub.publish('a', { data, retry: 500, comment: 'x\ny' });
    await publishIn(own, 'a', { data, retry: 500, comment: 'x\ny' }, { name });
  }
  const total = 3 * texts.length * 4 + 2 * values.length;
  await until('all are in the log', async () => (await store.state()).head === total);
  const { entries } = await store.read(0, ['a'], total);
  const counts = new Map<string, number>();
  for (const entry of entries) counts.set(textOf(entry), (counts.get(textOf(entry)) ?? 0) + 1);
  const published = new Set([...counts.keys()].filter((text) => !text.startsWith(':')));
  for (const text of published) expect(counts.get(text)! % 3, JSON.stringify(text)).toBe(0);
  expect([...counts.values()].every((count) => count >= 2)).toBe(true);
});

test('a key is good for the hub, for publishIn and for SQL alike', async () => {
  const { name, store, at, follower } = await follow();
  const own = await client();
  await store.append([{ channel: 'a', body: Buffer.from('first'), time: 0, key: 'k' }], at);
  await publishIn(own, 'a', 'second', { name, key: 'k' });
  await own.query(`select headwater.sse_publish($1, 'a', 'third', null, 'k')`, [name]);
  await publishIn(own, 'a', 'fourth', { name, key: 'k2' });
  await until('the last has come', () => follower.seen.length === 2);
  const [again] = await store.append([{ channel: 'a', body: Buffer.from('fifth'), time: 0, key: 'k2' }], at);
  expect([again?.seq, again?.duplicate]).toEqual([2, true]);
  expect(follower.seen.map(textOf)).toEqual(['first', 'data: fourth\n']);
});

test('operations on a keyed channel change its items with their entry', async () => {
  const { name, store, follower } = await follow();
  const own = await client();
  const publish = (data: object) => publishIn(own, 'todos', { data }, { name, keyed: true });
  await own.query('begin');
  await publish({ op: 'create', item: { id: 1, text: '\u0000' } });
  await publish({ op: 'create', item: { id: 2 } });
  await publish({ op: 'delete', item: { id: 2 } });
  await own.query('commit');
  await until('all have come', () => follower.seen.length === 3);
  expect([...(await store.loadItems('todos'))!.items]).toEqual([['1', '{"id":1,"text":"\\u0000"}']]);
  await expect(publish({ id: 1 })).rejects.toThrow(TypeError);
});

test('what is wrong is refused before it is in the outbox', async () => {
  const { name } = await follow();
  const own = await client();
  for (const [channel, message, options] of [
    ['a b', 'x', {}],
    ['', 'x', {}],
    ['a,b', 'x', {}],
    ['sse control', 'x', {}],
    ['a', { data: 'x', id: 'own' }, {}],
    ['a', { data: 'x', event: 'sse.reset' }, {}],
    ['a', { data: 'x', event: 'a\nb' }, {}],
    ['a', { event: 'x' }, {}],
    ['a', 'x', { key: '' }],
    ['a', 'x', { name: 'no name' }],
    ['a', 'x', { schema: 'a"b' }],
  ] as const) {
    await expect(publishIn(own, channel, message, { name, ...options })).rejects.toThrow(TypeError);
  }
  await expect(publishIn(own, 'a', 'x'.repeat(100), { name, maxEventBytes: 99 })).rejects.toMatchObject({
    code: 'ERR_SSE_EVENT_TOO_LARGE',
  });
  for (const values of [
    [name, 'a b', 'x'],
    [name, '', 'x'],
    [name, 'a,b', 'x'],
    [name, 'ä', 'x'],
    [name, 'sse control', 'x'],
    [name, null, 'x'],
    [name, 'a', null],
    [name, 'a', 'x', 'sse.reset'],
    [name, 'a', 'x', 'a\nb'],
    [name, 'a', 'x', 'a\rb'],
    [name, 'a', 'x', null, ''],
    [name, 'a', 'x', null, 'k'.repeat(201)],
    [name, 'a', 'x'.repeat(2 ** 20)],
    ['no name', 'a', 'x'],
    [null, 'a', 'x'],
  ]) {
    const [log, channel, data, event = null, key = null] = values;
    const call = own.query('select headwater.sse_publish($1, $2, $3::text, $4, $5)', [log, channel, data, event, key]);
    await expect(call).rejects.toMatchObject({ code: '22023' });
  }
  // The database itself has no text with U+0000.
  await expect(own.query('select headwater.sse_publish($1, $2, $3::text)', [name, 'a', '\u0000'])).rejects.toThrow();
  expect((await own.query('select from headwater.outbox where log = $1', [name])).rowCount).toBe(0);
  const printable = Array.from({ length: 94 }, (_, i) => String.fromCharCode(33 + i))
    .join('')
    .replace(',', '');
  await own.query('select headwater.sse_publish($1, $2, $3::text)', [name, printable, 'x']);
});

test('a role that may use the schema may publish, and do nothing else', async () => {
  const { name, follower } = await follow();
  await admin.query('create role app login; grant usage on schema headwater to app');
  const app = await client(server.url.replace('postgres@', 'app@'));
  await app.query('select headwater.sse_publish($1, $2, $3::text)', [name, 'a', 'of the app']);
  await until('it has come', () => follower.seen.length === 1);
  for (const statement of [
    'select from headwater.outbox',
    'select from headwater.entries',
    `select headwater.sse_enqueue('x', 'sse control', '', 0, null, null, null)`,
    `select headwater.start_epoch('x', 'y')`,
  ]) {
    await expect(app.query(statement)).rejects.toMatchObject({ code: '42501' });
  }
});

test('a log that has lost entries gets nothing from the outbox until an epoch is begun there', async () => {
  const { name, store, at, follower } = await follow();
  const append = (text: string) => store.append([{ channel: 'a', body: Buffer.from(text), time: 0 }], at);
  await append('1');
  const copy = await copyLog(admin, name);
  await append('2');
  await until('both have come', () => follower.seen.length === 2);
  await restoreLog(admin, name, copy);
  const own = await client();
  await publishIn(own, 'a', 'after', { name });
  await until('the tail is lost', () => follower.errors.length > 0);
  const other = openStore({ connectionString: server.url, name });
  await until('the server is back', () => store.state());
  expect((await other.state()).head).toBe(1);
  const position = await until('it is begun', () => begin(store, 'e2'));
  expect(position).toEqual({ epoch: 'e1', seq: 1 });
  const again = await until('it is followed', () => Recorder.of(store, position));
  await until('it has come', () => again.seen.length === 1);
  expect(again.seen.map((entry) => [entry.seq, entry.epoch, textOf(entry)])).toEqual([[2, 'e2', 'data: after\n']]);
});

test('a refusal that is on its way while an epoch is begun does not end what the epoch has begun', async () => {
  const { name, store, at } = await follow();
  await store.append([{ channel: 'a', body: Buffer.from('1'), time: 0 }], at);
  const copy = await copyLog(admin, name);
  await store.append([{ channel: 'a', body: Buffer.from('2'), time: 0 }], at);
  await restoreLog(admin, name, copy);
  await until('the server is back', () => store.state());
  const lock = await client();
  await lock.query('begin');
  await lock.query('select from headwater.logs where name = $1 for update', [name]);
  const waits = (call: string) => async () =>
    (await admin.query(`select from pg_stat_activity where wait_event_type = 'Lock' and query like '%${call}(%'`))
      .rowCount;
  const beginning = begin(store, 'e2');
  await until('the epoch waits', waits('start_epoch'));
  await publishIn(admin, 'a', 'after', { name });
  await until('the sequencer waits, with a place that the log has no more', waits('move'));
  await lock.query('commit');
  const again = await Recorder.of(store, await beginning);
  await until('it has come', () => again.seen.length === 1);
  expect(again.seen.map((entry) => [entry.seq, entry.epoch, textOf(entry)])).toEqual([[2, 'e2', 'data: after\n']]);
});
