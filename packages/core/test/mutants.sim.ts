import { expect, test } from 'vitest';
import { Broken } from './sim/broken.js';
import { loadEdited, SMALL } from './sim/copy.js';
import { MUTANTS } from './sim/mutants.js';
import { run } from './sim/run.js';

const COUNT = Number(process.env['HEADWATER_SEEDS'] ?? 2000);

for (const { rule, edits = [], store, guide } of MUTANTS) {
  test(rule, async () => {
    const subject = await loadEdited([...SMALL, ...edits]);
    const promises: Record<string, number> = {};
    let first: Error | undefined;
    let at = -1;
    const cpu = process.cpuUsage();
    const all = process.env['ALL'] ? COUNT : 0;
    for (let seed = 0; seed < COUNT && (!first || seed < all); seed++) {
      const error = await run(subject, seed, { guide, store });
      if (!error) continue;
      if (!first) at = seed;
      first ??= error;
      const p = error instanceof Broken ? error.promise : 'crash';
      promises[p] = (promises[p] ?? 0) + 1;
    }
    console.log(`${first ? 'ok ' : 'NOT CAUGHT '} ${at} ${Math.round(process.cpuUsage(cpu).user / 1000)}ms ${JSON.stringify(promises)} ${rule}: ${first?.message}`);
    expect(first).toBeDefined();
  });
}
