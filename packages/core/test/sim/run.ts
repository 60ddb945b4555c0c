/** Run: one seed from beginning to end. The same seed with the same code is the same run, which is how a failure gets its trace. */
import { ACTIONS, type ActionName, act } from './actions.js';
import { Broken } from './broken.js';
import { calmDown, checkEnd } from './checks.js';
import type { Random } from './random.js';
import type { Subject } from './subject.js';
import { type RunOptions, World } from './world.js';

/** Undefined where every promise was kept, else what was not. */
export async function run(subject: Subject, seed: number, options: RunOptions = {}): Promise<Error | undefined> {
  const world = new World(subject, seed, options);
  try {
    await live(world);
    await calmDown(world);
    checkEnd(world);
    return undefined;
  } catch (error) {
    return error instanceof Error ? error : new Error(String(error));
  } finally {
    for (const process of world.processes) process.stop();
    await world.settle();
  }
}

async function live(world: World): Promise<void> {
  const { random, plan } = world;
  const choose = chooser(plan.weights);
  for (let step = 0; step < plan.steps; step++) {
    act(world, ACTIONS[choose(random)]);
    // Now and then two things happen within one turn.
    if (random.chance(0.9)) await world.settle();
    if (world.failure) throw world.failure;
  }
}

function chooser(weights: ReadonlyMap<ActionName, number>): (random: Random) => ActionName {
  const names = Object.keys(ACTIONS) as ActionName[];
  const total = names.reduce((sum, name) => sum + (weights.get(name) ?? 0), 0);
  return (random) => {
    let left = random.next() * total;
    for (const name of names) {
      left -= weights.get(name) ?? 0;
      if (left < 0) return name;
    }
    return 'store';
  };
}

/** Text for the report of a seed that failed. */
export function describeFailure(seed: number, error: Error, trace: readonly string[]): string {
  const promise = error instanceof Broken ? '' : `${error.stack}\n`;
  return `seed ${seed}: ${error.message}\n${promise}${trace.join('\n')}\nAgain: HEADWATER_SEED=${seed} npx vitest run --project sim`;
}
