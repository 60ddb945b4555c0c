import type { NewEntry, Position } from '@headwater/core';
import pg from 'pg';
import { expect, onTestFinished, test } from 'vitest';
import { postgresStore } from '../src/index.js';
import { begin, dropLog, newName, openStore, textOf, usePostgres } from './kit.js';

const { url, admin } = await usePostgres();

const beginning: Position = { epoch: 'e1', seq: 0 };

function open(name: string) {
  onTestFinished(() => dropLog(admin, name));
  return openStore({ connectionString: url, name });
}

const entry = (channel: string, text = channel): NewEntry => ({
  channel,
  body: Buffer.from(text),
  time: Date.now(),
  key: 'key',
  item: { id: 'id', json: JSON.stringify(text) },
});

/** Numbers that look random and are the same in every run. */
function randomFrom(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return Math.floor((state / 2 ** 32) * below);
  };
}

/** Printable ASCII, and among it what means something to SQL, to arrays, or to patterns. */
function oddNames(count: number): string[] {
  const pieces = [
    '{',
    '}',
    ',',
    '"',
    "'",
    "''",
    '\\',
    '\\x',
    '%',
    '_',
    ' ',
    '  ',
    ';',
    '--',
    '$1',
    '$$',
    'NULL',
    'null',
    'a',
    'A',
  ];
  const random = randomFrom(7);
  const names = new Set<string>();
  while (names.size < count) {
    names.add(Array.from({ length: 1 + random(6) }, () => pieces[random(pieces.length)]).join(''));
  }
  return [...names];
}

test('channels of any name are kept apart, with their keys, items and snapshots', async () => {
  const name = newName();
  const store = open(name);
  await store.startEpoch('e1');
  const names = [...oddNames(300), '~'.repeat(200), 'sse control', '__proto__'];
  const first = await store.append(
    names.map((channel) => entry(channel)),
    beginning,
  );
  expect(first.every(({ duplicate }) => !duplicate)).toBe(true);
  for (const channel of names) await store.saveSnapshot(channel, { at: beginning, data: channel, time: Date.now() });
  await store.append(
    names.map((channel) => ({ ...entry(channel, 'second'), key: undefined })),
    beginning,
  );
  for (const [i, channel] of names.entries()) {
    const { entries } = await store.read(0, [channel], 10);
    expect(entries.map((one) => [one.seq, one.channel, textOf(one)])).toEqual([
      [i + 1, channel, channel],
      [names.length + i + 1, channel, 'second'],
    ]);
    expect((await store.loadItems(channel))?.items).toEqual(new Map([['id', '"second"']]));
    expect((await store.loadSnapshot(channel))?.data).toBe(channel);
  }
  const all = await store.read(0, names, 10_000);
  expect(all.entries.map(({ channel }) => channel)).toEqual([...names, ...names]);
});

test('bodies of any bytes and any size come back as they were, from pages and tails', async () => {
  const store = open(newName());
  const at = await begin(store, 'e1');
  const random = randomFrom(11);
  const every = Buffer.from(Array.from({ length: 256 }, (_, i) => i));
  const bodies = [Buffer.alloc(0), every, Buffer.from('\\x41'), Buffer.from('\\000'), Buffer.alloc(2_000_000, every)];
  for (let i = 0; i < 60; i++) bodies.push(Buffer.from(Array.from({ length: random(4_000) }, () => random(256))));
  await store.append(
    bodies.map((body) => ({ channel: 'a', body, time: 1.5 })),
    at,
  );
  const { entries } = await store.read(0, ['a'], 1_000);
  expect(entries.map(({ body }) => Buffer.compare(Buffer.from(body), bodies.shift()!))).toEqual(entries.map(() => 0));
  expect(entries.every(({ time }) => time === 1.5)).toBe(true);
});

test('what an application has set for its own queries does not matter', async () => {
  const pool = new pg.Pool({
    connectionString: url,
    options: '-c bytea_output=escape -c search_path=nowhere',
  });
  pool.on('error', () => {});
  const parse = pg.types.getTypeParser(20);
  pg.types.setTypeParser(20, BigInt);
  onTestFinished(async () => {
    pg.types.setTypeParser(20, parse);
    await pool.end();
  });
  const name = newName();
  onTestFinished(() => dropLog(admin, name));
  const store = openStore({ pool, name });
  const at = await begin(store, 'e1');
  const time = Date.now() + 0.25;
  await store.append([{ channel: 'a', body: Buffer.from([0, 255, 92, 39]), time }], at);
  const [read] = (await store.read(0, ['a'], 1)).entries;
  expect([read?.seq, read?.time, [...read!.body]]).toEqual([1, time, [0, 255, 92, 39]]);
  await store.close();
  // It is the application's, and goes on.
  expect((await pool.query('select 1 as one')).rows).toEqual([{ one: 1 }]);
});

test('hubs of different names, and of different schemas, do not see each other', async () => {
  const name = newName();
  const schema = 'other';
  const stores = [open(name), open(`${name}.2`), openStore({ connectionString: url, name, schema })];
  for (const store of stores) await store.startEpoch('e1');
  for (const [i, store] of stores.entries()) {
    await store.append(
      Array.from({ length: i + 1 }, (_, n) => ({ ...entry('a'), key: `${n}` })),
      beginning,
    );
  }
  for (const [i, store] of stores.entries()) expect((await store.state()).head).toBe(i + 1);
});

test('wrong options are refused at once', () => {
  const pool = new pg.Pool({ connectionString: url });
  for (const options of [
    {},
    { connectionString: url, pool },
    { connectionString: 'http://localhost' },
    { connectionString: url, onWarning: 'x' },
    { connectionString: url, name: 'a b' },
    { connectionString: url, name: '' },
    { connectionString: url, schema: 'a"b' },
    { pool: {} },
    { pool: new pg.Client() },
  ]) {
    expect(() => postgresStore(options as never)).toThrow(TypeError);
  }
  for (const options of [{ maxConnections: 0 }, { timeoutMs: 1.5 }, { retention: { count: -1 } }]) {
    expect(() => postgresStore({ connectionString: url, ...options })).toThrow(RangeError);
  }
});
