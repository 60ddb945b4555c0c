/** The canary of `docs/guides/limits-and-shutdown.md`: a share of the clients moves to a new release, and back. */
import { until } from '../harness/wait.js';
import type { Row, Size } from '../row.js';
import type { Trial } from '../trial.js';
import { openHub, publishSteadily } from './author.js';
import { Balancer } from './balancer.js';
import { Governed } from './governed.js';
import { shared } from './needs.js';

const CHANNELS = ['a', 'b', 'c'];

export const canary: Row = {
  name: 'canary',
  promise: 'a share of the clients moves to a new release and back, and none of them loses anything',
  short: { clients: 60, perSecond: 100, windowMs: 500 },
  full: { clients: 400, perSecond: 100, windowMs: 5_000 },
  unfit: shared,
  run: async (trial, size) => run(trial, size),
};

/** Weight of the new release while it is tried. */
const SHARE = 0.3;

async function run(trial: Trial, { clients = 0, perSecond = 0, windowMs = 0 }: Size) {
  const old = await Governed.start(trial, { framework: 'express', windowMs });
  const fresh = await Governed.start(trial, { framework: 'fastify', windowMs });
  const [stable, tried] = [
    { port: old.port, weight: 1 },
    { port: fresh.port, weight: 0 },
  ];
  const balancer = await Balancer.before([stable, tried], trial.random);
  trial.defer(() => balancer.close());
  const url = () => `${balancer.origin}/events?channels=${CHANNELS}`;
  for (let i = 0; i < clients; i++) await trial.read({ channels: CHANNELS, url });
  const publishing = publishSteadily(trial, openHub(trial), { channels: CHANNELS, perSecond });

  // There: weights first, then as many streams as that share. Half of them would do too: the rest come with time.
  stable.weight = 1 - SHARE;
  tried.weight = SHARE;
  await shedUntil(trial, old, windowMs, () => balancer.openTo(tried) >= clients * SHARE);
  const moved = balancer.openTo(tried);
  const stayed = balancer.openTo(stable);

  // And back: weights first again, then the release goes as any process does.
  stable.weight = 1;
  tried.weight = 0;
  await fresh.stop();
  await until(
    () => `everybody to be back; ${balancer.openTo(stable)} of ${clients} are`,
    () => balancer.openTo(tried) === 0 && balancer.openTo(stable) === clients,
  );
  await everybodyIsOpen(trial);
  const letters = await publishing.stop();
  await trial.judge();
  trial.mustHaveNoReset();
  const moves = trial.readers.reduce((sum, { follower }) => sum + follower.opens.length - 1, 0);
  return { clients, letters, moved, stayed, moves, resets: trial.resets };
}

async function shedUntil(trial: Trial, old: Governed, windowMs: number, isEnough: () => boolean): Promise<void> {
  for (let round = 0; !isEnough(); round++) {
    if (round === 20) throw new Error('The new release never got its share');
    await old.shed(SHARE, windowMs);
    await everybodyIsOpen(trial);
  }
}

function everybodyIsOpen(trial: Trial): Promise<void> {
  return until('every client to be open', () => trial.readers.every(({ follower }) => follower.isOpen));
}
