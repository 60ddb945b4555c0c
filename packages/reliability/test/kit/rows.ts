/** The short form of every row that says something about a store. One that cannot run on this machine says why. */
import { describe, expect, it } from 'vitest';
import type { Row } from '../../src/row.js';
import { MESSAGES } from '../../src/rows/index.js';
import { runRow } from '../../src/run.js';
import { STORES } from '../../src/stores/index.js';
import { usePrograms } from './programs.js';

const SEED = 1;

const QUICK = ['restart-silent', 'trimmed', 'wiped', 'tail-loss', 'commit-order', 'failover'];

/** What takes a second or two and shows most. */
export const QUICK_ROWS: readonly Row[] = MESSAGES.filter(({ name }) => QUICK.includes(name));

export function rowsHold(name: string, rows: readonly Row[]): void {
  usePrograms();
  const kind = STORES.find((store) => store.name === name);
  if (!kind) throw new Error(`There is no store ${name}`);
  describe(name, () => {
    for (const row of rows) {
      // Another kind of store is what the row is about.
      if (row.unfit(kind) !== undefined) continue;
      it(`${row.name}: ${row.promise}`, { timeout: 60_000 }, async ({ skip }) => {
        const missing = row.missing?.();
        if (missing !== undefined) skip(missing);
        expect(Object.keys(await runRow(row, kind, { seed: SEED, isFull: false }))).not.toEqual([]);
      });
    }
  });
}
