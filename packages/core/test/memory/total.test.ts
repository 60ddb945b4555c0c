import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { levelBelow } from '../../src/memory/total.js';

test('levelBelow is the highest level to which trimming brings the channels below the bound', () => {
  void fc.assert(
    fc.property(fc.array(fc.nat(1_000), { maxLength: 20 }), fc.nat(5_000), (costs, bound) => {
      const level = levelBelow(bound, Float64Array.from(costs));
      const sumAt = (height: number) => costs.reduce((sum, cost) => sum + Math.min(cost, height), 0);
      const target = bound - Math.floor(bound / 64);
      if (sumAt(Number.POSITIVE_INFINITY) <= target) expect(level).toBe(Number.POSITIVE_INFINITY);
      else expect(sumAt(level)).toBeCloseTo(target, 6);
    }),
    { numRuns: 200, seed: 3 },
  );
});

test('levelBelow leaves the small ones alone where one holds nearly everything', () => {
  expect(levelBelow(640, Float64Array.from([10, 2_000, 20]))).toBe(600);
});
