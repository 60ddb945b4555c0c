import { describe, expect, test } from 'vitest';
import { ENTRY_OVERHEAD } from '../../src/memory/options.js';
import { codeOf, entry, fill, OFF, START, seqs, started } from './fixture.js';

describe('MemoryLog maxTotalBytes', () => {
  const cost = ENTRY_OVERHEAD + 100;

  test('takes from the channel that holds the most, and leaves the quiet ones alone', () => {
    const log = started({ retention: OFF, maxTotalBytes: 100 * cost });
    fill(log, 'quiet', 5, 100);
    fill(log, 'noisy', 500, 100);
    fill(log, 'small', 5, 100);
    fill(log, 'noisy', 500, 100);
    expect(seqs(log, 'quiet')).toEqual([1, 2, 3, 4, 5]);
    expect(seqs(log, 'small')).toHaveLength(5);
    expect(seqs(log, 'noisy').at(-1)).toBe(1_010);
    expect(seqs(log).length).toBeGreaterThan(95);
    expect(seqs(log).length).toBeLessThanOrEqual(100);
  });

  test('takes from several channels that hold the same down to the same level', () => {
    const log = started({ retention: OFF, maxTotalBytes: 100 * cost });
    for (let i = 0; i < 400; i++) log.append([entry('a', 100), entry('b', 100)], START, 0);
    const [a, b] = [seqs(log, 'a').length, seqs(log, 'b').length];
    expect(Math.abs(a - b)).toBeLessThanOrEqual(1);
    expect(a + b).toBeLessThanOrEqual(100);
  });

  test('counts what a rollback gives back', () => {
    const log = started({ retention: OFF, maxTotalBytes: 10 * cost });
    fill(log, 'a', 10, 100);
    log.rollback(2);
    fill(log, 'a', 8, 100);
    expect(seqs(log)).toHaveLength(10);
    expect(log.read(0, ['a'], 0).floors.get('a')).toBe(0);
  });

  test('does not keep an entry that is larger by itself', () => {
    const log = started({ maxTotalBytes: 1_000 });
    fill(log, 'a', 1, 5_000);
    expect(seqs(log)).toEqual([]);
    expect(log.read(0, ['a'], 0).floors.get('a')).toBe(1);
  });
});

describe('MemoryLog.sweep', () => {
  test('looks at some channels and goes on with the others the next time', () => {
    const log = started({ retention: { ageMs: 10 } });
    for (const name of ['a', 'b', 'c', 'd', 'e']) fill(log, name, 1);
    log.sweep(1_000, 2);
    expect(seqs(log)).toEqual([3, 4, 5]);
    log.sweep(1_000, 2);
    expect(seqs(log)).toEqual([5]);
    log.sweep(1_000, 2);
    expect(seqs(log)).toEqual([]);
  });

  test('ends with nothing to do once keys, entries and channels are gone', () => {
    const log = started({ keyTtlMs: 200, retention: { ageMs: 100 }, forgetAfterMs: 100 });
    log.append([entry('a', 1, { key: 'k' }), entry('a')], START, 0);
    log.sweep(150);
    expect(log.isIdle).toBe(false);
    log.sweep(200);
    expect(log.isIdle).toBe(true);
    expect(log.read(0, ['a'], 0)).toMatchObject({ forgotten: 2, upTo: 2 });
  });

  test('does not forget a channel before its snapshot', () => {
    const log = started({ retention: { ageMs: 100 }, forgetAfterMs: 100, snapshotTtlMs: 1_000 });
    fill(log, 'a', 1);
    log.saveSnapshot('a', { at: { epoch: 'e', seq: 1 }, data: 'x', time: 0 }, 0);
    fill(log, 'b', 5);
    log.sweep(900);
    expect(log.read(0, ['a'], 0)).toMatchObject({ forgotten: 6 });
    expect(log.loadSnapshot('a', 900)?.data).toBe('x');
    log.sweep(1_000);
    expect(log.isIdle).toBe(true);
  });
});

describe('MemoryLog faults', () => {
  test('rollback loses entries, epochs, keys and snapshots above, and refuses positions there', () => {
    const log = started();
    fill(log, 'a', 2);
    log.startEpoch('f');
    log.append([entry('a', 1, { key: 'k' })], START, 0);
    log.saveSnapshot('a', { at: { epoch: 'f', seq: 3 }, data: 'x', time: 0 }, 0);
    log.rollback(2);
    expect(log.state()).toEqual({ head: 2, epochs: [{ epoch: 'e', start: 0 }] });
    expect(log.loadSnapshot('a', 0)).toBeUndefined();
    expect(codeOf(() => log.append([entry('a')], { epoch: 'f', seq: 3 }, 0), 'ERR_SSE_FENCED')).toBe(true);
    expect(codeOf(() => log.since({ epoch: 'f', seq: 3 }), 'ERR_SSE_FENCED')).toBe(true);
    expect(log.append([entry('a', 1, { key: 'k' })], START, 0).appended).toEqual([
      { epoch: 'e', seq: 3, duplicate: false },
    ]);
  });

  test('rollback to the head loses an epoch that has no entry yet', () => {
    const log = started();
    fill(log, 'a', 2);
    log.startEpoch('f');
    log.rollback(2);
    expect(log.state().epochs).toEqual([{ epoch: 'e', start: 0 }]);
    log.rollback(9);
    expect(log.state().head).toBe(2);
  });

  test('wipe leaves a log without epochs, in which the next one begins at 0', () => {
    const log = started({ retention: { count: 1 } });
    fill(log, 'a', 3);
    log.wipe();
    expect(log.state()).toEqual({ head: 0, epochs: [] });
    expect(codeOf(() => fill(log, 'a', 1), 'ERR_SSE_FENCED')).toBe(true);
    expect(log.startEpoch('f').epochs).toEqual([{ epoch: 'f', start: 0 }]);
    log.append([entry('a')], { epoch: 'f', seq: 0 }, 0);
    expect(log.read(0, ['a'], 9)).toMatchObject({ entries: [{ seq: 1, prev: 0 }], upTo: 1, forgotten: 0 });
    expect(log.read(0, ['a'], 9).floors.get('a')).toBe(0);
    expect(log.since({ epoch: 'f', seq: 0 })).toHaveLength(1);
  });
});
