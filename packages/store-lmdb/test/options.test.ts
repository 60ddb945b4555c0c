import { existsSync, readFileSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { lmdbStore } from '../src/index.js';
import { entry, openStore, start, temporaryFolder, textOf } from './kit/log.js';

test('lmdbStore refuses wrong options at once, and opens nothing', () => {
  const path = join(temporaryFolder(), 'log');
  for (const wrong of [undefined, null, {}, { path: 1 }, { path, name: 1 }, { path, mapSize: '1' }]) {
    expect(() => lmdbStore(wrong as never)).toThrow(TypeError);
  }
  const ranges = [
    { path: '' },
    { path: 'a\0b' },
    { path, name: '' },
    { path, name: 'a b' },
    { path, name: 'x'.repeat(101) },
  ];
  for (const wrong of [...ranges, { path, mapSize: 1 }, { path, mapSize: 0.5 }, { path, retention: { count: -1 } }]) {
    expect(() => lmdbStore(wrong)).toThrow(RangeError);
  }
  lmdbStore({ path });
  expect(existsSync(path)).toBe(false);
});

test('stores of several names in one folder have logs of their own, each open as long as it is used', async () => {
  const path = join(temporaryFolder(), 'made', 'by', 'the', 'store');
  const [a, b] = [openStore({ path, name: 'a' }), openStore({ path, name: 'b' })];
  const [atA, atB] = await Promise.all([start(a), start(b)]);
  await Promise.all([a.append([entry('c', 'of a')], atA), b.append([entry('c', 'of b'), entry('c', 'more')], atB)]);
  await a.close();
  await b.append([entry('c', 'last')], atB);
  expect((await b.read(0, ['c'], 9)).entries.map(textOf)).toEqual(['of b', 'more', 'last']);
  const again = openStore({ path, name: 'a' });
  expect((await again.read(0, ['c'], 9)).entries.map(textOf)).toEqual(['of a']);
});

test('a folder has room for 64 names, and one more is an error that says so and leaves the others open', async () => {
  const path = temporaryFolder();
  const stores = Array.from({ length: 65 }, (_, i) => openStore({ path, name: `hub-${i}` }));
  for (const store of stores.slice(0, 64)) expect((await store.state()).head).toBe(0);
  await expect(stores[64]!.state()).rejects.toThrow(/too many logs/);
  await start(stores[0]!);
});

test('a folder is one folder, whatever path leads to it', async () => {
  const folder = temporaryFolder();
  const path = join(folder, 'log');
  const store = openStore({ path });
  const at = await start(store);
  symlinkSync(path, join(folder, 'link'));
  const other = openStore({ path: join(folder, 'link') });
  await other.append([entry('a', 'x')], at);
  expect((await store.state()).head).toBe(1);
});

test('retentionOf is asked once for each channel, and where it fails only that append is refused', async () => {
  const asked: string[] = [];
  const retentionOf = (channel: string) => {
    asked.push(channel);
    if (channel === 'wrong') throw new Error('no');
    return { count: channel === 'few' ? 2 : 100 };
  };
  const store = openStore({ path: temporaryFolder(), retentionOf });
  const at = await start(store);
  const put = (channel: string) => store.append([entry(channel, 'x')], at);
  const [, refused] = await Promise.allSettled([put('few'), put('wrong'), put('many')]);
  expect(refused).toMatchObject({ reason: { code: 'ERR_SSE_CALLBACK' } });
  for (let i = 0; i < 4; i++) await Promise.all([put('few'), put('many')]);
  expect((await store.read(0, ['few'], 9)).entries.length).toBe(2);
  expect((await store.read(0, ['many'], 9)).entries.length).toBe(5);
  expect(asked).toEqual(['few', 'wrong', 'many']);
});

test('a commit is flushed before it can be seen: the file has no half page for commits that are not', async () => {
  const path = temporaryFolder();
  const store = openStore({ path });
  const at = await start(store);
  await store.append([entry('a', 'x')], at);
  await store.close();
  const bytes = readFileSync(join(path, 'data.mdb'));
  // lmdb-js notes there which transaction is flushed, where commits may be seen before (`overlappingSync`).
  expect(bytes.subarray(2_048, 4_096).every((byte) => byte === 0)).toBe(true);
});

test('a bound that was lowered is kept to by and by, and sweep does all of it at once', async () => {
  const path = temporaryFolder();
  const before = openStore({ path, retention: { count: false } });
  const at = await start(before);
  await before.append(
    Array.from({ length: 7_000 }, (_, i) => entry('a', `${i}`)),
    at,
  );
  await before.close();
  const store = openStore({ path, retention: { count: 3 } });
  await store.append([entry('a', 'next')], at);
  const { floors, entries } = await store.read(0, ['a'], 10_000);
  expect([floors.get('a'), entries.length]).toEqual([2_000, 5_001]);
  await store.sweep();
  const after = await store.read(0, ['a'], 10_000);
  expect(after.entries.map(({ seq }) => seq)).toEqual([6_999, 7_000, 7_001]);
  expect(after.floors.get('a')).toBe(6_998);
});

test('what the database has no room for is refused before anything is written', async () => {
  const store = openStore({ path: temporaryFolder() });
  const at = await start(store);
  const fine = entry('a', 'x');
  const wrong = [
    entry('a'.repeat(256), 'x'),
    { ...fine, key: '\u20ac'.repeat(267) },
    { ...fine, item: { id: 'i'.repeat(801), json: '1' } },
  ];
  for (const one of wrong) {
    await expect(store.append([fine, one], at)).rejects.toMatchObject({ code: 'ERR_SSE_STORE' });
  }
  await expect(store.startEpoch('e'.repeat(256))).rejects.toMatchObject({ code: 'ERR_SSE_STORE' });
  const longest = {
    ...entry('a'.repeat(200), 'x'),
    key: '\u20ac'.repeat(200),
    item: { id: '\u20ac'.repeat(200), json: '1' },
  };
  expect(await store.append([longest], at)).toMatchObject([{ seq: 1 }]);
  expect([...(await store.loadItems('a'.repeat(200)))!.items.keys()]).toEqual(['\u20ac'.repeat(200)]);
});
