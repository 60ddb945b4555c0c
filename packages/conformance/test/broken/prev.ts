/** Stores that guess at prev. */
import { type BrokenStore, changing, telling } from './broken-store.js';

export const prev: readonly BrokenStore[] = [
  {
    defect: 'takes the entry before it in the log for the one before it in the channel',
    fails: ['prev'],
    wrap: (inner) => changing(inner, (entries) => entries.map((entry) => ({ ...entry, prev: entry.seq - 1 }))),
  },
  {
    defect: 'finds prev among the entries that are retained',
    fails: ['prev'],
    wrap: (inner) =>
      changing(inner, async (entries) => {
        const retained = new Set((await inner.read(0, undefined, 1e6)).entries.map(({ seq }) => seq));
        return entries.map((entry) => (retained.has(entry.prev ?? 0) ? entry : { ...entry, prev: 0 }));
      }),
  },
  {
    defect: 'does not give prev to tails',
    fails: ['prev', 'tail'],
    wrap: (inner) => telling(inner, (entries) => entries.map((entry) => ({ ...entry, prev: undefined }))),
  },
];
