import { describe, expect, it } from 'vitest';
import { count, isComplete, missing, newCounter } from '../public/counter.js';

function counting(...numbers: number[]) {
  const counter = newCounter(0);
  for (const number of numbers) count(counter, number);
  return counter;
}

describe('count', () => {
  it('takes any number as the first, and is complete with each next one', () => {
    const counter = counting(7, 8, 9);
    expect(counter).toMatchObject({ received: 3, first: 7, last: 9, twice: 0, disordered: 0 });
    expect(missing(counter)).toBe(0);
    expect(isComplete(counter)).toBe(true);
  });

  it('sees what is missing', () => {
    const counter = counting(1, 2, 5, 9);
    expect(missing(counter)).toBe(5);
    expect(isComplete(counter)).toBe(false);
  });

  it('sees what comes twice', () => {
    const counter = counting(1, 2, 2, 1, 3);
    expect(counter.twice).toBe(2);
    expect(missing(counter)).toBe(0);
    expect(isComplete(counter)).toBe(false);
  });

  it('sees what comes out of order, which is then no longer missing', () => {
    const counter = counting(1, 6, 3, 2, 5, 4);
    expect(counter).toMatchObject({ disordered: 4, twice: 0 });
    expect(missing(counter)).toBe(0);
    expect(isComplete(counter)).toBe(false);
  });

  it('takes what has filled a gap once, and what is before the first not at all', () => {
    const counter = counting(5, 8, 6, 6, 2);
    expect(counter).toMatchObject({ disordered: 1, twice: 2 });
    expect(missing(counter)).toBe(1);
  });

  it('goes on after it was saved and read again', () => {
    const counter = JSON.parse(JSON.stringify(counting(1, 4)));
    for (const number of [2, 3, 5]) count(counter, number);
    expect(counter).toMatchObject({ received: 5, disordered: 2 });
    expect(missing(counter)).toBe(0);
  });
});
