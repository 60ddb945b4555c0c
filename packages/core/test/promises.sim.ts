/**
 * The six promises, held by seeded runs of real hubs over one simulated store that is slow, lossy and at times goes back.
 * `HEADWATER_SEED=n` runs one seed again with its trace, `HEADWATER_SEEDS=n` another number of them.
 */
import { expect, test } from 'vitest';
import { loadEdited, SMALL } from './sim/copy.js';
import { MUTANTS } from './sim/mutants.js';
import { describeFailure, run } from './sim/run.js';
import { loadSubject, type Subject } from './sim/subject.js';
import type { RunOptions } from './sim/world.js';

const COUNT = Number(process.env.HEADWATER_SEEDS ?? 5_000);
const ONE = process.env.HEADWATER_SEED;

/** A seed takes some 5 ms. */
const PATIENT = { timeout: Math.max(180_000, COUNT * 30) };

async function holds(subject: Subject, optionsOf: (seed: number) => RunOptions): Promise<void> {
  const seeds = ONE === undefined ? Array.from({ length: COUNT }, (_, seed) => seed) : [Number(ONE)];
  for (const seed of seeds) {
    const error = await run(subject, seed, optionsOf(seed));
    if (!error) continue;
    const trace: string[] = [];
    const again = await run(subject, seed, { ...optionsOf(seed), trace });
    expect.fail(describeFailure(seed, again ?? error, trace));
  }
  expect(seeds.length).toBeGreaterThan(0);
}

test('P1 to P6 hold', PATIENT, async () => {
  await holds(await loadSubject(), () => ({}));
});

test('P1 to P6 hold where pages, slices and full sinks come within a few events', PATIENT, async () => {
  const subject = await loadEdited(SMALL);
  // What brings a planted bug to light is what a new one would most likely show in.
  await holds(subject, (seed) => ({ guide: MUTANTS[seed % MUTANTS.length]?.guide }));
});
