/** The full forms: every row over every store, one line each. `--row a,b`, `--store redis`, `--seed 7`, `--short`. */
import { parseArgs } from 'node:util';
import { describeFigures } from './harness/figures.js';
import { ROWS } from './rows/index.js';
import { runRow } from './run.js';
import { STORES } from './stores/index.js';

const { values } = parseArgs({
  options: {
    row: { type: 'string' },
    store: { type: 'string' },
    seed: { type: 'string' },
    short: { type: 'boolean', default: false },
  },
});

const seed = values.seed === undefined ? Math.floor(Math.random() * 2 ** 31) : Number(values.seed);
const chosen = <T extends { name: string }>(all: readonly T[], names: string | undefined): readonly T[] =>
  names === undefined ? all : all.filter(({ name }) => names.split(',').includes(name));
const rows = chosen(ROWS, values.row);
const stores = chosen(STORES, values.store);

const say = (line: string) => void process.stdout.write(`${line}\n`);

say(`seed ${seed}, Node ${process.version}, ${values.short ? 'short' : 'full'} forms`);
let failed = 0;
for (const row of rows) {
  for (const kind of stores) {
    const unfit = row.unfit(kind) ?? row.missing?.();
    const begun = performance.now();
    const line = (outcome: string, rest: string) =>
      say(`${outcome.padEnd(7)}${row.name.padEnd(20)}${kind.name.padEnd(10)}${rest}`);
    if (unfit !== undefined) {
      line('n/a', unfit);
      continue;
    }
    try {
      const figures = await runRow(row, kind, { seed, isFull: !values.short });
      line('ok', `${describeFigures(figures)} (${((performance.now() - begun) / 1_000).toFixed(1)} s)`);
    } catch (error) {
      failed++;
      line('FAILED', (error as Error).message);
    }
  }
}
if (rows.length === 0 || stores.length === 0) {
  say(
    `Nothing to run. Rows: ${ROWS.map(({ name }) => name).join(', ')}. Stores: ${STORES.map(({ name }) => name).join(', ')}`,
  );
  failed++;
}
say(failed === 0 ? 'All promises held.' : `${failed} failed.`);
process.exit(failed === 0 ? 0 : 1);
