/** The short form of every row that says something about a store. */
import { describe, expect, it } from 'vitest';
import { ROWS } from '../../src/rows/index.js';
import { runRow } from '../../src/run.js';
import { STORES } from '../../src/stores/index.js';
import { usePrograms } from './programs.js';

const SEED = 1;

export function rowsHold(name: string): void {
  usePrograms();
  const kind = STORES.find((store) => store.name === name);
  if (!kind) throw new Error(`There is no store ${name}`);
  describe(name, () => {
    for (const row of ROWS.filter(({ unfit }) => unfit(kind) === undefined)) {
      it(`${row.name}: ${row.promise}`, async () => {
        expect(Object.keys(await runRow(row, kind, { seed: SEED, isFull: false }))).not.toEqual([]);
      }, 60_000);
    }
  });
}
