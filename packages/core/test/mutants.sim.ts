/** Planted bugs: without any one of the rules a promise breaks, and the simulation says which. */
import { expect, test } from 'vitest';
import { Broken } from './sim/broken.js';
import { loadEdited, SMALL } from './sim/copy.js';
import { MUTANTS } from './sim/mutants.js';
import { run } from './sim/run.js';

/** More than the rarest of them needs, several times over. */
const SEEDS = 8_000;

test.for(MUTANTS)(
  'a breach is noticed: $rule',
  async ({ edits = [], store, guide, seed: likely = 0 }, { annotate }) => {
    const subject = await loadEdited([...SMALL, ...edits]);
    for (let tries = 0; tries < SEEDS; tries++) {
      const seed = (likely + tries) % SEEDS;
      const error = await run(subject, seed, { guide, store });
      if (!error) continue;
      await annotate(`seed ${seed}: ${error instanceof Broken ? error.promise : error.message}`);
      expect(error).toBeInstanceOf(Error);
      return;
    }
    expect.fail(`${SEEDS} seeds have kept every promise`);
  },
);
