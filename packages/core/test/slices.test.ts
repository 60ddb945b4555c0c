import { fakeClock } from '@headwater/testing';
import { expect, test } from 'vitest';
import { SLICE_MS } from '../src/options.js';
import { inSlices } from '../src/slices.js';

test('inSlices gives the event loop a turn whenever a slice is used up, and reports the longest', () => {
  const clock = fakeClock();
  let steps = 0;
  let longest = -1;
  const perTurn: number[] = [];
  inSlices(
    clock,
    () => {
      clock.advance(1);
      return ++steps < 100;
    },
    (ms) => {
      longest = ms;
    },
  );
  perTurn.push(steps);
  while (clock.turns > 0) {
    clock.runTurn();
    perTurn.push(steps - perTurn.reduce((sum, count) => sum + count, 0));
  }
  expect(steps).toBe(100);
  expect(perTurn.length).toBeGreaterThan(5);
  // The time is looked at every 16 steps: a slice is over at the first look after SLICE_MS.
  expect(Math.max(...perTurn)).toBeLessThanOrEqual(16 * Math.ceil(SLICE_MS / 16));
  expect(longest).toBeGreaterThanOrEqual(SLICE_MS);
});

test('inSlices runs short work within the call', () => {
  const clock = fakeClock();
  let left = 3;
  let done = false;
  inSlices(
    clock,
    () => --left > 0,
    () => {
      done = true;
    },
  );
  expect([left, done, clock.turns]).toEqual([0, true, 0]);
});
