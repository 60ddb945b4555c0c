import { describe, expect, test } from 'vitest';
import { hasCode, type SseErrorCode } from '../src/errors.js';
import { KEPT_EPOCHS } from '../src/memory-epochs.js';
import { MemoryLog } from '../src/memory-log.js';
import { ENTRY_OVERHEAD, type MemoryStoreOptions } from '../src/memory-options.js';
import type { NewEntry, Position } from '../src/store.js';

const START: Position = { epoch: 'e', seq: 0 };
const OFF = { count: false, ageMs: false, bytes: false } as const;

function started(options: MemoryStoreOptions = {}): MemoryLog {
  const log = new MemoryLog(options);
  log.startEpoch('e');
  return log;
}

const entry = (channel: string, size = 1, rest: Partial<NewEntry> = {}): NewEntry => {
  return { channel, body: new Uint8Array(size), time: 0, ...rest };
};

function fill(log: MemoryLog, channel: string, count: number, size = 1, now = 0): void {
  for (let i = 0; i < count; i++) log.append([entry(channel, size, { time: now })], START, now);
}

const seqs = (log: MemoryLog, channel?: string) => {
  return log.read(0, channel === undefined ? undefined : [channel], 1e9).entries.map(({ seq }) => seq);
};

function codeOf(fn: () => unknown, code: SseErrorCode): boolean {
  try {
    fn();
  } catch (error) {
    return hasCode(error, code);
  }
  return false;
}

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

describe('MemoryLog epochs', () => {
  test('are kept for the last thousand connects', () => {
    const log = started();
    for (let i = 0; i < KEPT_EPOCHS + 50; i++) {
      log.startEpoch(`e${i}`);
      log.append([entry('a')], log.state().epochs[0]?.start === 0 ? START : { epoch: `e${i - 1}`, seq: i }, 0);
    }
    log.sweep(3_600_001);
    expect(seqs(log)).toEqual([]);
    log.startEpoch('last');
    const { head, epochs } = log.state();
    expect(epochs).toHaveLength(KEPT_EPOCHS);
    expect(epochs.at(-1)).toEqual({ epoch: 'last', start: head + 1 });
    expect(epochs.findLast(({ start }) => start <= head)?.epoch).toBe(`e${KEPT_EPOCHS + 49}`);
  });

  test('are kept as long as an entry or a snapshot of theirs is', () => {
    for (const keep of ['entry', 'snapshot'] as const) {
      const log = started({ retentionOf: (name) => (name === 'kept' ? OFF : { count: 0 }) });
      log.append([entry(keep === 'entry' ? 'kept' : 'a')], START, 0);
      const at = { epoch: 'e', seq: 1 };
      if (keep === 'snapshot') log.saveSnapshot('kept', { at, data: 'x', time: 0 }, 0);
      for (let i = 0; i < 2 * KEPT_EPOCHS; i++) {
        log.startEpoch(`e${i}`);
        log.append([entry('a')], log.state().epochs[0]?.epoch === 'e' ? at : START, 0);
      }
      expect(log.state().epochs[0]).toEqual({ epoch: 'e', start: 0 });
      if (keep === 'snapshot') expect(log.loadSnapshot('kept', 0)?.data).toBe('x');
      else expect(log.read(0, ['kept'], 1).entries[0]?.epoch).toBe('e');
    }
  });

  test('that were never in force do not add up', () => {
    const log = started();
    fill(log, 'a', 1);
    for (let i = 0; i < 3 * KEPT_EPOCHS; i++) log.startEpoch(`e${i}`);
    expect(log.state().epochs.length).toBeLessThanOrEqual(KEPT_EPOCHS);
    expect(log.state().epochs.at(-1)).toEqual({ epoch: `e${3 * KEPT_EPOCHS - 1}`, start: 2 });
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
    const log = started({ keyTtlMs: 100, retention: { ageMs: 100 }, forgetAfterMs: 100 });
    log.append([entry('a', 1, { key: 'again' })], START, 0);
    log.append([entry('a', 1, { key: 'other' })], START, 50);
    // The first key comes again after it expired: it must not stop the second one's expiry.
    log.append([entry('a', 1, { key: 'again', time: 120 })], START, 120);
    log.sweep(160);
    expect(log.isIdle).toBe(false);
    log.sweep(219);
    expect(log.isIdle).toBe(false);
    log.sweep(300);
    expect(log.isIdle).toBe(true);
    expect(log.read(0, ['a'], 0)).toMatchObject({ forgotten: 3, upTo: 3 });
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
