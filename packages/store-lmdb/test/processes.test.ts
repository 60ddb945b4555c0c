import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { type Clock, systemClock } from '@headwater/core';
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest';
import { buildChildren, Child, removeChildren } from './kit/child.js';
import { Notes, openStore, start, temporaryFolder, textOf } from './kit/log.js';

beforeAll(() => buildChildren(['peer', 'appender']));
afterAll(removeChildren);

test('processes that write and tail at the same time see one log: dense, in order, everything once', async () => {
  const path = temporaryFolder();
  const total = 900;
  const children = ['x', 'y', 'z'].map((label) => new Child('peer', [path, label, '300', `${total}`]));
  expect(await Promise.all(children.map((child) => child.ended()))).toEqual([0, 0, 0]);
  const [first, ...others] = children.map(({ lines }) => lines);
  expect(first?.map((line) => Number(line.split(' ')[0]))).toEqual(Array.from({ length: total }, (_, i) => i + 1));
  expect(new Set(first?.map((line) => line.split(' ')[1])).size).toBe(total);
  for (const lines of others) expect(lines).toEqual(first);
  const { entries } = await openStore({ path }).read(0, undefined, total + 1);
  expect(entries.map((entry) => `${entry.seq} ${textOf(entry)}`)).toEqual(first);
});

/** A clock whose timers never fire. */
const STANDING: Clock = { ...systemClock, setTimer: () => undefined, clearTimer: () => {} };

test.each([
  ['by the hint alone', STANDING, false],
  ['by the poll alone', systemClock, true],
])('what another process appends is told soon, %s', async (_how, clock, isHintGone) => {
  const path = temporaryFolder();
  const store = openStore({ path, clock });
  const at = await start(store);
  if (isHintGone) rmSync(join(path, 'headwater.hint'));
  const notes = new Notes();
  await store.tail(at, notes);
  const child = new Child('appender', [path]);
  onTestFinished(() => child.kill());
  await child.until((lines) => lines.includes('ready'));
  for (let i = 1; i <= 5; i++) {
    child.say(`${i}`);
    await child.until((lines) => lines.includes(`stored ${i}`));
    await expect.poll(() => notes.seqs, { interval: 1, timeout: 5_000 }).toHaveLength(i);
  }
  expect(notes.entries_.map(textOf)).toEqual(['1', '2', '3', '4', '5']);
});
