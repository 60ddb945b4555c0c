import { seeded } from '@headwater/testing';
import { expect, test } from 'vitest';
import { Names, toToken } from '../src/names.js';
import { decodeRecord, encodeRecord } from '../src/record.js';
import { begin, entry, newName, open, serve } from './kit.js';

const random = seeded(17);

/** 1 to 200 characters of printable ASCII, with spaces, and often of those that mean something to NATS. */
function anyName(): string {
  const length = 1 + Math.floor(random() ** 4 * 200);
  return Array.from({ length }, () =>
    random() < 0.3 ? '.*> =$_-'.charAt(Math.floor(random() * 8)) : String.fromCharCode(32 + Math.floor(random() * 95)),
  ).join('');
}

test('a token can be part of any subject, and is of one text only', () => {
  const names = new Set([...Array.from({ length: 5_000 }, anyName), '=', '=2e', '.', 'ä', '']);
  const tokens = new Set([...names].map(toToken));
  expect(tokens.size).toBe(names.size);
  for (const token of tokens) expect(token).toMatch(/^[A-Za-z0-9_=-]+$/);
});

test('snapshots, cursors and logs are kept apart', () => {
  const names = new Names('a');
  expect(names.snapshot('x.y')).toBe('hw.a.kept.snapshot.x=2ey');
  expect(names.cursor('x')).toBe('hw.a.kept.cursor.x');
  expect([names.log, names.logSubject, names.kept]).toEqual(['HW_LOG_a', 'hw.a.log', 'HW_KEPT_a']);
});

test('a record comes back as it was, and its header is ASCII without line ends', () => {
  const entries = Array.from({ length: 500 }, (_, i) => ({
    channel: `${i} ${anyName()}`,
    prev: i % 3 ? i : undefined,
    time: i,
    size: i,
    key: i % 2 ? `\r\n\u0000 ä \ud83d\ude00 \ud800 ${i}` : undefined,
  }));
  const record = {
    id: 'b',
    parent: 'a',
    base: 600,
    written: 5,
    epoch: 'ä "1"',
    entries,
    begins: undefined,
    table: undefined,
  };
  const header = encodeRecord(record);
  expect(header).toMatch(/^[\x20-\x7e]+$/);
  expect(decodeRecord(header)).toEqual(record);
  expect(decodeRecord('')).toBeUndefined();
  expect(() => decodeRecord('{"v":2}')).toThrow(/layout 2/);
});

test('channels and snapshots of any name are kept apart by a server', async () => {
  const { url } = await serve();
  const store = open({ servers: url, name: newName() });
  const at = await begin(store, 'e1');
  const names = [...new Set(Array.from({ length: 150 }, anyName))];
  await Promise.all(names.map((name) => store.append([entry(name, name)], at)));
  const place = { epoch: 'e1', seq: names.length };
  await Promise.all(names.map((name) => store.saveSnapshot(name, { at: place, data: name, time: Date.now() })));
  for (const name of names) {
    const { entries } = await store.read(0, [name], 10);
    expect(entries.map(({ channel, body }) => [channel, String(body)])).toEqual([[name, `data: ${name}\n`]]);
    expect((await store.loadSnapshot(name))?.data).toBe(name);
  }
});
