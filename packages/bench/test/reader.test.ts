import { Buffer } from 'node:buffer';
import { expect, test } from 'vitest';
import { Reader, room } from '../src/client/reader.ts';
import { Tally } from '../src/client/tally.ts';
import { makePayload } from '../src/harness/payload.ts';

const BYTES = 100;

function stream(count: number, quote = '', isIdLast = true): Buffer {
  const head = 'HTTP/1.1 200 OK\r\n\r\n';
  const events = Array.from({ length: count }, (_, seq) => {
    const id = `id: x.${seq}\n`;
    const data = `data: ${quote}${makePayload(seq, 1_000 + seq, BYTES)}${quote}\n`;
    const frame = `${isIdLast ? data + id : id + data}\n`;
    return `${frame.length.toString(16)}\r\n${frame}\r\n`;
  });
  return Buffer.from(head + events.join(''));
}

function read(bytes: Buffer, step: number): Tally {
  const tally = new Tally(() => {});
  tally.expected = 1;
  const reader = new Reader(tally, BYTES);
  const from = room(BYTES);
  const shared = Buffer.alloc(from + step, '@');
  for (let at = 0; at < bytes.length; at += step) {
    const part = bytes.subarray(at, at + step);
    shared.set(part, from);
    reader.take(shared, from, from + part.length, 5_000);
  }
  return tally;
}

const LENGTHS = [1, 7, 64, 100, 1_000, 100_000];

test.each(LENGTHS)('Reader finds every event, whatever a read holds (%i bytes)', (step) => {
  for (const [quote, isIdLast] of [
    ['', true],
    ['"', true],
    ['"', false],
  ] as const) {
    const tally = read(stream(25, quote, isIdLast), step);
    expect(tally).toMatchObject({ delivered: 25, lost: 0, repeated: 0, malformed: 0, completeTo: 25 });
    expect(tally.latency.max).toBe(4_000);
    expect(tally.lastDue).toBe(1_024);
  }
});

test('Reader counts what a stream skipped', () => {
  const [first, , third] = stream(3)
    .toString()
    .split(/(?=data: )/)
    .slice(1) as [string, string, string];
  expect(read(Buffer.from(first + third), 100)).toMatchObject({ delivered: 2, lost: 1, repeated: 0, completeTo: 1 });
});

test('Reader counts what came twice', () => {
  const all = stream(3);
  expect(read(Buffer.concat([all, all]), 64)).toMatchObject({ delivered: 3, lost: 0, repeated: 3 });
});

test('Reader counts an event without its blank line', () => {
  const broken = stream(2).toString().replace('\n\n', '\n.');
  expect(read(Buffer.from(broken), 1_000)).toMatchObject({ delivered: 1, lost: 1, malformed: 1 });
});

test('Reader counts an id without its end', () => {
  const broken = stream(2).toString().replace('x.0\n', 'x'.repeat(1_000));
  expect(read(Buffer.from(broken), 64)).toMatchObject({ delivered: 1, lost: 1, malformed: 1 });
});

test('Tally makes room for long runs', () => {
  const tally = new Tally(() => {});
  tally.expected = 1;
  const payload = Buffer.from(makePayload(70_000, 500, BYTES));
  tally.record(0, 600, payload, 0);
  tally.record(70_000, 600, payload, 0);
  tally.record(70_000, 700, payload, 0);
  expect(tally).toMatchObject({ delivered: 3, completeTo: 1, lastDue: 500 });
  expect(tally.latency.max).toBe(200);
});

test('Tally is complete when every stream has come to the goal, each from its own place', () => {
  let announced = 0;
  const tally = new Tally(() => announced++);
  tally.aim(25, 2);
  const bytes = stream(25);
  for (const next of [20, 3]) {
    expect(tally.completeTo).toBe(0);
    const reader = new Reader(tally, BYTES);
    reader.next = next;
    const begin = bytes.indexOf(makePayload(next, 1_000 + next, BYTES));
    const shared = Buffer.alloc(room(BYTES) + bytes.length);
    bytes.copy(shared, room(BYTES), begin);
    reader.take(shared, room(BYTES), room(BYTES) + bytes.length - begin, 5_000);
  }
  expect(tally).toMatchObject({ delivered: 5 + 22, lost: 0, repeated: 0, atGoal: 2, completeTo: 25 });
  expect(announced).toBe(1);
});
