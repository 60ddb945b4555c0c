import { describe, expect, test } from 'vitest';
import { MemoryLog } from '../../src/memory/log.js';
import { codeOf, entry, fill, OFF, START, seqs, started } from './fixture.js';

describe('MemoryLog options', () => {
  test.each<[string, unknown, typeof TypeError | typeof RangeError]>([
    ['retention', 5, TypeError],
    ['retention', null, TypeError],
    ['retention', { count: '5' }, TypeError],
    ['retention', { count: -1 }, RangeError],
    ['retention', { bytes: 1.5 }, RangeError],
    ['retention', { ageMs: Number.POSITIVE_INFINITY }, RangeError],
    ['retention', { ageMs: Number.NaN }, RangeError],
    ['retentionOf', {}, TypeError],
    ['maxTotalBytes', '1', TypeError],
    ['maxTotalBytes', true, TypeError],
    ['snapshotTtlMs', -1, RangeError],
    ['keyTtlMs', false, TypeError],
    ['forgetAfterMs', -5, RangeError],
  ])('refuse %s: %j, and name it', (name, value, type) => {
    const make = () => new MemoryLog({ [name]: value });
    expect(make).toThrow(type);
    expect(make).toThrow(new RegExp(`^${name}`));
  });

  test('take false for no bound', () => {
    const log = started({ retention: OFF, maxTotalBytes: false, snapshotTtlMs: false, forgetAfterMs: false });
    fill(log, 'a', 20_000, 1, 0);
    log.sweep(1e12);
    expect(seqs(log)).toHaveLength(20_000);
  });

  test('keep 10,000 entries and one hour by default', () => {
    const log = started();
    fill(log, 'a', 10_001);
    expect(seqs(log)).toHaveLength(10_000);
    log.sweep(3_600_000);
    expect(seqs(log)).toHaveLength(10_000);
    log.sweep(3_600_001);
    expect(seqs(log)).toHaveLength(0);
  });

  test('retentionOf overrides single bounds of single channels', () => {
    const retentionOf = (name: string) => (name === 'short' ? { count: 1 } : undefined);
    const log = started({ retention: { count: 3, bytes: 20 }, retentionOf });
    fill(log, 'short', 5);
    fill(log, 'long', 5);
    fill(log, 'short', 1, 21);
    expect(seqs(log)).toEqual([8, 9, 10]);
  });

  test.each([
    [
      'throws',
      () => {
        throw new Error('boom');
      },
    ],
    ['answers nonsense', () => ({ count: -1 })],
  ])('a retentionOf that %s fails the append as a whole', (_, fail) => {
    const log = started({ retentionOf: (name) => (name === 'bad' ? fail() : undefined) });
    expect(codeOf(() => log.append([entry('good'), entry('bad')], START, 0), 'ERR_SSE_CALLBACK')).toBe(true);
    expect(log.state().head).toBe(0);
    expect(seqs(log)).toEqual([]);
  });
});
