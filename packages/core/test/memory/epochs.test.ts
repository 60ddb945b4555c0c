import { describe, expect, test } from 'vitest';
import { KEPT_EPOCHS } from '../../src/memory/epochs.js';
import { entry, fill, OFF, START, seqs, started } from './fixture.js';

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
      for (let i = 0; i < KEPT_EPOCHS + 100; i++) {
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
