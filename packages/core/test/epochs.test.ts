import { describe, expect, test } from 'vitest';
import { EpochList } from '../src/epochs.js';

describe('EpochList', () => {
  const list = () =>
    new EpochList([
      { epoch: 'a', start: 0 },
      { epoch: 'b', start: 11 },
      { epoch: 'c', start: 11 },
      { epoch: 'd', start: 20 },
    ]);

  test('at gives the epoch in force at a place, the last of equal beginnings', () => {
    expect([0, 10, 11, 19, 20, 99].map((seq) => list().at(seq))).toEqual(['a', 'a', 'c', 'c', 'd', 'd']);
  });

  test('problem accepts a position only with the epoch in force there, up to the head', () => {
    expect(list().problem({ epoch: 'a', seq: 10 }, 15)).toBeUndefined();
    expect(list().problem({ epoch: 'c', seq: 15 }, 15)).toBeUndefined();
  });

  test('problem tells an epoch that was never known from a place that was lost', () => {
    expect(list().problem({ epoch: 'x', seq: 1 }, 15)).toBe('epoch');
    expect(list().problem({ epoch: 'a', seq: 11 }, 15)).toBe('rollback');
    expect(list().problem({ epoch: 'b', seq: 11 }, 15)).toBe('rollback');
    expect(list().problem({ epoch: 'c', seq: 16 }, 15)).toBe('rollback');
  });

  test('prune keeps the epoch in force, and makes older positions unknown', () => {
    const pruned = list();
    pruned.prune(15);
    expect(pruned.at(15)).toBe('c');
    expect(pruned.at(10)).toBeUndefined();
    expect(pruned.problem({ epoch: 'a', seq: 10 }, 15)).toBe('epoch');
    pruned.prune(1_000);
    expect(pruned.toArray()).toEqual([{ epoch: 'd', start: 20 }]);
  });

  test('commonUpTo finds the newest place that two logs share', () => {
    const log = (...starts: [string, number][]) => new EpochList(starts.map(([epoch, start]) => ({ epoch, start })));
    const before = log(['a', 0], ['b', 10], ['c', 20]);
    expect(before.commonUpTo(log(['a', 0], ['b', 10], ['c', 20], ['d', 31]), 30)).toBe(30);
    expect(before.commonUpTo(log(['a', 0], ['b', 10], ['d', 15]), 25)).toBe(14);
    expect(before.commonUpTo(log(['a', 0], ['x', 6], ['c', 20]), 19)).toBe(5);
    expect(before.commonUpTo(log(['z', 0]), 30)).toBe(0);
    expect(before.commonUpTo(log(['a', 0], ['d', 8]), 0)).toBe(0);
  });

  test('begin puts an epoch in force from a place on', () => {
    const grown = list();
    grown.begin('e', 30);
    expect([grown.at(29), grown.at(30)]).toEqual(['d', 'e']);
  });
});
