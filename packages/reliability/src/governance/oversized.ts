/** Row 41: an event that is too large is refused where it is published, and one that another process took stops nobody. */
import { type Hub, hasCode } from '@headwater/core';
import { Follower } from '../harness/follower.js';
import { until } from '../harness/wait.js';
import type { Row, Size } from '../row.js';
import type { Trial } from '../trial.js';
import { openHub } from './author.js';
import { shared } from './needs.js';
import { startSite } from './site.js';

export const oversized: Row = {
  name: 'oversized',
  promise:
    'an event above maxEventBytes is refused to its publisher and leaves no trace; one that a process with another limit took is passed on once, live and in replay',
  short: { clients: 5, bytes: 900_000 },
  full: { clients: 50, bytes: 900_000 },
  unfit: shared,
  run: async (trial, size) => run(trial, size),
};

async function run(trial: Trial, { clients = 0, bytes = 0 }: Size) {
  const large = openHub(trial);
  const small = openHub(trial, { maxEventBytes: 1_024, maxPendingBytes: 64 * 1_024, ringEvents: 2 });
  const site = await startSite({ framework: 'express', hub: small });
  trial.defer(() => site.close());
  const { id: before } = await large.publish('a', 'before');
  await until('the other process to know of it', () => small.health().head === before);
  const sizes: number[][] = [];
  const followers: Follower[] = [];
  const follow = (lastEventId?: string) => {
    const mine: number[] = [];
    sizes.push(mine);
    const follower = new Follower({
      url: () => site.stream(['a']),
      onEvent: ({ data }) => void mine.push(data.length),
      ...(lastEventId ? { lastEventId } : {}),
    });
    followers.push(follower);
    trial.defer(() => follower.close());
  };
  for (let i = 0; i < clients; i++) follow();
  await until('the live ones to be open', () => followers.every(({ isOpen }) => isOpen));
  const { head } = small.health();
  await mustRefuse(small, bytes);
  if (small.health().head !== head) throw new Error('A refused event has moved the log');
  await large.publish('a', 'x'.repeat(bytes));
  for (const data of ['one', 'two', 'three']) await small.publish('a', data);
  // Their place is before the large one: each page begins with it, and it must not be where they come back to for ever.
  for (let i = 0; i < clients; i++) follow(before);
  await until('everybody to have all', () => sizes.every((mine) => mine.length >= 4));
  const expected = JSON.stringify([bytes, 3, 3, 5]);
  const wrong = sizes.find((mine) => JSON.stringify(mine) !== expected);
  if (wrong) throw new Error(`A client got ${JSON.stringify(wrong)}, not ${expected}`);
  const losses = followers.reduce((sum, follower) => sum + follower.losses, 0);
  if (losses > 0) throw new Error(`${losses} streams were lost`);
  return { clients: followers.length, bytes, losses, refused: 1 };
}

async function mustRefuse(hub: Hub, bytes: number): Promise<void> {
  try {
    await hub.publish('a', 'x'.repeat(bytes));
  } catch (error) {
    if (hasCode(error, 'ERR_SSE_EVENT_TOO_LARGE')) return;
    throw error;
  }
  throw new Error(`An event of ${bytes} bytes was taken`);
}
