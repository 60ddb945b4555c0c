import { expect, test } from 'vitest';
import { Histogram } from '../src/client/histogram.ts';

test('Histogram is exact below 1,024', () => {
  const histogram = new Histogram();
  for (let value = 1; value <= 1_000; value++) histogram.record(value);
  expect([0.1, 50, 99, 100].map((percent) => histogram.percentile(percent))).toEqual([1, 500, 990, 1_000]);
});

test('Histogram is within 1.6 % above', () => {
  for (let value = 1_024; value < 2 ** 31; value = Math.ceil(value * 1.37)) {
    const histogram = new Histogram();
    histogram.record(value);
    histogram.record(2 ** 31 - 1);
    const found = histogram.percentile(50);
    expect(found).toBeLessThanOrEqual(value);
    expect(found).toBeGreaterThan(value * 0.984);
  }
});

test('Histogram bounds what it is given', () => {
  const histogram = new Histogram();
  histogram.record(-5);
  histogram.record(2 ** 40);
  expect([histogram.percentile(50), histogram.max, histogram.count]).toEqual([0, 2 ** 31 - 1, 2]);
});
