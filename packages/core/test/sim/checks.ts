/** Checks: what must be true in the end, when nothing fails any more and everything has arrived. */
import { act, connect, publish, take } from './actions.js';
import { Broken } from './broken.js';
import type { World } from './world.js';

const STEP_MS = 250;
/** Longer than every retry, timeout and check of a hub taken together. */
const CALM_STEPS = 60;
/** More than any process needs while time stands still. */
const MOST_STEPS = 2_000;

/** All faults stop, every client is back, everything is delivered. Then one more message from each process: who is live gets it. */
export async function calmDown(world: World): Promise<void> {
  world.note(() => '-- all faults stop');
  Object.assign(world.shared.faults, { refuse: 0, forgetAnswer: 0 });
  for (const { stream } of world.clients) stream?.drain();
  // A tail that stands still is noticed once there is something that it should have brought.
  for (const process of world.processes) publish(world, undefined, process);
  await rest(world, CALM_STEPS);
  for (const process of world.processes) publish(world, undefined, process);
  await rest(world, 4);
}

/** Runs everything that waits, in rounds between which time passes. */
async function rest(world: World, steps: number): Promise<void> {
  for (let step = 0; step < steps; step++) {
    await drain(world);
    world.pass(STEP_MS);
  }
  await drain(world);
}

async function drain(world: World): Promise<void> {
  for (let left = MOST_STEPS; left > 0; left--) {
    let busy = false;
    for (; left > 0 && act(world, () => world.scheduler.step()); left--) {
      busy = true;
      await world.settle();
    }
    for (const { clock } of world.processes) busy = clock.runTurn() > 0 || busy;
    await world.settle();
    for (const client of world.clients) act(world, () => take(client, 1_000));
    while (act(world, connect)) busy = true;
    if (world.failure) throw world.failure;
    if (!busy) return;
  }
  throw new Broken('P5', 'a process does not come to rest');
}

export function checkEnd(world: World): void {
  const { head } = world.truth;
  for (const process of world.processes) {
    if (!process.core.log.isTailing || process.head !== head.seq) {
      throw new Broken('P5', `${process.name} stands at ${process.head}, the log at ${head.seq}`);
    }
    if (process.publishing > 0) throw new Broken('P5', `${process.publishing} publishes wait for ever`);
  }
  for (const client of world.clients) {
    const { name, stream } = client;
    if (stream && stream.asked > 0) throw new Broken('P5', `${name}: ${stream.asked} subscribes wait for ever`);
    if (!stream?.connection.isLive) throw new Broken('P5', `${name} is not live`);
    client.mustBeComplete(head);
  }
}
