/** The short form of every row of governance that says something about a store. One that cannot run here says why. */
import { describe, expect, it } from 'vitest';
import { GOVERNANCE } from '../../src/governance/index.js';
import { runRow } from '../../src/run.js';
import { STORES } from '../../src/stores/index.js';
import { useGovernedPrograms } from './governed-program.js';

const SEED = 1;

/** Not those that another kind of store is for. */
const ELSEWHERE = ['the store plays no part', 'one process only'];

export function governanceHolds(name: string): void {
  useGovernedPrograms();
  const kind = STORES.find((store) => store.name === name);
  if (!kind) throw new Error(`There is no store ${name}`);
  describe(name, () => {
    for (const row of GOVERNANCE) {
      const unfit = row.unfit(kind);
      if (unfit !== undefined && ELSEWHERE.includes(unfit)) continue;
      it(`${row.name}: ${row.promise}`, { timeout: 60_000 }, async ({ skip }) => {
        if (unfit !== undefined) skip(unfit);
        expect(Object.keys(await runRow(row, kind, { seed: SEED, isFull: false }))).not.toEqual([]);
      });
    }
  });
}
