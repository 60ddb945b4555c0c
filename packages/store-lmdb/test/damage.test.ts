import {
  closeSync,
  copyFileSync,
  mkdirSync,
  openSync,
  readFileSync,
  statSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { createHub, hasCode, type Store } from '@headwater/core';
import { open } from 'lmdb';
import { describe, expect, onTestFinished, test } from 'vitest';
import { problemOf } from '../src/file-check.js';
import { freePages } from '../src/free-pages.js';
import { HEAD, metaKey, seqKey } from '../src/keys.js';
import { decodeHead, encodeHead, SCHEMA } from '../src/records.js';
import { entry, Notes, openStore, start, temporaryFolder, textOf } from './kit/log.js';

const PAGE = 4_096;

const FOREVER = { count: false, ageMs: false, bytes: false } as const;

/** A closed log: 60 entries in two channels, some of which need pages of their own. */
async function writeLog(path: string): Promise<void> {
  const store = openStore({ path, retention: FOREVER });
  const at = await start(store);
  for (let i = 1; i <= 60; i++) {
    await store.append([entry(i % 2 ? 'odd' : 'even', `entry number ${i}. ${'x'.repeat(i % 5 ? 20 : 9_000)}`)], at);
  }
  await store.close();
}

async function errorOf(call: () => Promise<unknown>): Promise<Error> {
  try {
    await call();
  } catch (error) {
    expect(hasCode(error, 'ERR_SSE_STORE'), String(error)).toBe(true);
    return error as Error;
  }
  return expect.fail('it was answered');
}

/** Opens the tables of the log below the store's feet. */
async function edit(path: string, change: (log: Table, index: Table, meta: Table) => void): Promise<void> {
  const root = openRoot(path);
  const table = (name: string) => openTable(root, `headwater:${name}`);
  change(table('log'), table('index'), table('meta'));
  await root.close();
}

const BINARY = { encoding: 'binary', keyEncoding: 'binary' } as const;
const openRoot = (path: string) => open({ path, maxDbs: 8, overlappingSync: false, ...BINARY });
const openTable = (root: ReturnType<typeof openRoot>, name: string) => root.openDB<Buffer, Buffer>({ name, ...BINARY });
type Table = ReturnType<typeof openTable>;

describe('a truncated file', () => {
  test('is an error that says so, from every call on, whatever its length', async () => {
    const whole = temporaryFolder();
    await writeLog(whole);
    const { size } = statSync(join(whole, 'data.mdb'));
    const lengths = [0, 1, 23, 159, 160, 4_095, 4_096, 4_097, 8_191, 8_192, 12_288];
    for (let part = 1; part < 24; part++) lengths.push(Math.floor((size * part) / 24));
    lengths.push(size - 4_096, size - 1);
    for (const length of lengths) {
      const path = temporaryFolder();
      for (const file of ['data.mdb', 'headwater.hint']) copyFileSync(join(whole, file), join(path, file));
      truncateSync(join(path, 'data.mdb'), length);
      const store = openStore({ path });
      for (let i = 0; i < 2; i++) {
        const { message } = await errorOf(() => store.state());
        expect(message).toMatch(/truncated.*Restore the folder from a backup, or move it away/);
      }
    }
  });

  test('that was restored is opened by the next call', async () => {
    const path = temporaryFolder();
    await writeLog(path);
    const file = join(path, 'data.mdb');
    const bytes = readFileSync(file);
    truncateSync(file, 10_000);
    const store = openStore({ path });
    await errorOf(() => store.state());
    writeFileSync(file, bytes);
    expect((await store.state()).head).toBe(60);
  });

  test('is not what a file is that lacks free pages only', async () => {
    const path = temporaryFolder();
    const file = join(path, 'data.mdb');
    const store = openStore({ path, retention: { count: 3 } });
    const at = await start(store);
    for (let i = 0; i < 4; i++) await store.append([entry('a', 'x'.repeat(400_000)), entry('a', 'y')], at);
    for (let i = 0; i < 6; i++) await store.append([entry('a', 'small')], at);
    await store.close();
    const bytes = readFileSync(file);
    const meta = bytes.readBigInt64LE(152) >= bytes.readBigInt64LE(PAGE + 152) ? 0 : PAGE;
    const fd = openSync(file, 'r');
    const free = freePages(fd, PAGE, Number(bytes.readBigInt64LE(meta + 88)), bytes.length / PAGE, 0);
    closeSync(fd);
    let pages = Number(bytes.readBigInt64LE(meta + 144)) + 1;
    const before = pages;
    // LMDB leaves out pages that a transaction took and gave back.
    while (free?.has(pages - 1)) pages--;
    expect(pages).toBeLessThan(before - 50);
    truncateSync(file, pages * PAGE);
    expect(problemOf(file)).toBeUndefined();
    const reopened = openStore({ path, retention: { count: 3 } });
    expect((await reopened.read(0, ['a'], 10)).entries.map(({ seq }) => seq)).toEqual([12, 13, 14]);
    await reopened.close();
    truncateSync(file, (pages - 1) * PAGE);
    expect(problemOf(file)).toMatch(/truncated/);
  });
});

describe('a damaged log', () => {
  test('never gives an entry of which a byte is another one, and gives the others', async () => {
    const path = temporaryFolder();
    await writeLog(path);
    const file = join(path, 'data.mdb');
    const whole = readFileSync(file);
    const text = 'entry number 31. ';
    // Pages that were written anew hold the same bytes more than once.
    const places: number[] = [];
    for (let at = whole.indexOf(text); at >= 0; at = whole.indexOf(text, at + 1)) places.push(at);
    const bytes = Buffer.from(whole);
    for (const at of places) bytes[at + 6] = (bytes[at + 6] as number) ^ 0x20;
    writeFileSync(file, bytes);
    const store = openStore({ path });
    for (const channels of [undefined, ['odd'], ['even', 'odd']]) {
      expect((await errorOf(() => store.read(0, channels, 100))).message).toMatch(/entry 31 has a wrong checksum/);
      expect((await store.read(31, channels, 100)).entries.length).toBeGreaterThan(10);
    }
    expect((await store.read(0, ['even'], 100)).entries.length).toBe(30);
    const at = { epoch: (await store.state()).epochs[0]?.epoch as string, seq: 0 };
    const notes = new Notes();
    await store.tail(at, notes);
    expect(notes.seqs.every((seq) => seq < 31) && notes.errors.length === 1).toBe(true);
  });

  test('is trimmed where it cannot be read any more, and publishing goes on', async () => {
    const path = temporaryFolder();
    const retention = { count: 20, ageMs: false, bytes: false } as const;
    const store = openStore({ path, retention });
    const at = await start(store);
    const texts = Array.from({ length: 40 }, (_, i) => `entry number ${i + 1}`);
    // In blocks of five.
    for (let i = 0; i < 20; i += 5)
      await store.append(
        texts.slice(i, i + 5).map((text) => entry('a', text)),
        at,
      );
    await store.close();
    await edit(path, (log) => log.putSync(seqKey(10), flipped(log.get(seqKey(10)))));
    const reopened = openStore({ path, retention });
    await errorOf(() => reopened.read(0, ['a'], 100));
    for (const text of texts.slice(20)) {
      await reopened.append([entry('a', text)], at);
      const { floors, entries } = await reopened.read(10, ['a'], 100);
      expect(entries.map(textOf)).toEqual(texts.slice(Math.max(10, floors.get('a') as number), entries.at(-1)?.seq));
    }
    const { floors, entries } = await reopened.read(0, ['a'], 100);
    expect([floors.get('a'), entries.map(textOf)]).toEqual([20, texts.slice(20)]);
  });

  test('never leaves an entry out in silence: of the log, of the index, the newest, one of many', async () => {
    const cases: [RegExp, (log: Table, index: Table) => void][] = [
      [/entry 20 is missing/, (log) => log.removeSync(seqKey(20))],
      [/entry 60, the newest, is missing/, (log) => log.removeSync(seqKey(60))],
      [/entry 21 of channel "odd" is missing/, (_log, index) => removeFromIndex(index, 21)],
      [/entry 59 of channel "odd" is missing/, (_log, index) => removeFromIndex(index, 59)],
    ];
    for (const [message, change] of cases) {
      const path = temporaryFolder();
      await writeLog(path);
      await edit(path, change);
      const store = openStore({ path });
      const readAll = async () => {
        await store.read(0, ['odd'], 100);
        await store.read(0, undefined, 100);
      };
      expect((await errorOf(readAll)).message).toMatch(message);
    }
  });

  test('whose head, channels or epochs are not what was written is not opened', async () => {
    const changes: ((log: Table, index: Table, meta: Table) => void)[] = [
      (_l, _i, meta) => meta.putSync(HEAD, flipped(meta.get(HEAD))),
      (_l, _i, meta) => meta.putSync(metaKey('channel', 'odd'), flipped(meta.get(metaKey('channel', 'odd')))),
      (_l, _i, meta) => meta.putSync(Buffer.from('e'), flipped(meta.get(Buffer.from('e')))),
      (_l, _i, meta) => meta.removeSync(Buffer.from('e')),
      (_l, _i, meta) => meta.putSync(HEAD, encodeHead({ ...decodeHead(meta.get(HEAD) as Buffer), seq: 40 })),
      (_l, _i, meta) => meta.putSync(HEAD, encodeHead({ ...decodeHead(meta.get(HEAD) as Buffer), seq: 90 })),
    ];
    for (const change of changes) {
      const path = temporaryFolder();
      await writeLog(path);
      await edit(path, change);
      const store = openStore({ path });
      expect((await errorOf(() => store.state())).message).toMatch(/damaged.*Restore the folder from a backup/);
      await errorOf(() => store.append([entry('a', 'x')], { epoch: 'e', seq: 0 }));
    }
  });

  test.each([
    [SCHEMA + 1, /newer version.*update the package/],
    [SCHEMA - 1, /older version.*move the folder away/],
  ])('of schema %i is not touched', async (schema, message) => {
    const path = temporaryFolder();
    await writeLog(path);
    await edit(path, (_l, _i, meta) => {
      meta.putSync(HEAD, encodeHead({ ...decodeHead(meta.get(HEAD) as Buffer), schema }));
    });
    const whole = readFileSync(join(path, 'data.mdb'));
    const store = openStore({ path });
    expect((await errorOf(() => store.state())).message).toMatch(message);
    await errorOf(() => store.append([entry('a', 'x')], { epoch: 'e', seq: 60 }));
    await store.close();
    expect(readFileSync(join(path, 'data.mdb')).equals(whole)).toBe(true);
  });
});

describe('a folder that cannot hold the log', () => {
  test('is an error where the file is another one, or the path is a file', async () => {
    const path = temporaryFolder();
    writeFileSync(join(path, 'data.mdb'), 'something else altogether'.repeat(1_000));
    expect((await errorOf(() => openStore({ path }).state())).message).toMatch(/not an LMDB database/);
    const below = openStore({ path: join(path, 'data.mdb', 'log') });
    expect((await errorOf(() => below.state())).message).toMatch(/is a file: choose/);
  });

  test('leaves the hub unready until it is put right, and the hub then goes on by itself', async () => {
    const path = join(temporaryFolder(), 'log');
    mkdirSync(path);
    writeFileSync(join(path, 'data.mdb'), 'x'.repeat(20_000));
    const hub = createHub({ store: openStore({ path }), observers: [{ error: () => {} }] });
    onTestFinished(() => hub.close());
    await errorOf(() => hub.publish('news', 'one'));
    expect(hub.health().ready).toBe(false);
    writeFileSync(join(path, 'data.mdb'), '');
    await expect.poll(() => hub.health().ready).toBe(true);
    expect((await hub.publish('news', 'one')).duplicate).toBe(false);
  });
});

function removeFromIndex(index: Table, seq: number): void {
  for (const key of [...index.getKeys()]) if (key.readUIntBE(4, 6) === seq) index.removeSync(key);
}

function flipped(record: Buffer | undefined): Buffer {
  const bytes = Buffer.from(record as Buffer);
  bytes[9] = (bytes[9] as number) ^ 1;
  return bytes;
}

test('a page is read as it was written', async () => {
  const path = temporaryFolder();
  await writeLog(path);
  const store: Store = openStore({ path });
  expect(textOf((await store.read(30, undefined, 1)).entries[0]!)).toMatch(/^entry number 31\. x+$/);
});
