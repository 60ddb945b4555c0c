/** Row 26: a rolling deployment, again and again: three processes over one store, of which one is always being replaced. */
import { quantile, rounded } from '../harness/figures.js';
import { pick } from '../harness/random.js';
import { until } from '../harness/wait.js';
import type { Row, Size } from '../row.js';
import type { Trial } from '../trial.js';
import { openHub, publishSteadily } from './author.js';
import { Governed } from './governed.js';
import { shared } from './needs.js';

const ALL = Array.from({ length: 10 }, (_, n) => `c${n}`);

export const rolling: Row = {
  name: 'rolling',
  promise:
    'clients of three processes that are replaced one after another get everything exactly once, without a reset',
  short: { rolls: 3, clients: 12, perSecond: 200, windowMs: 300 },
  full: { rolls: 20, clients: 200, perSecond: 1_000, windowMs: 2_000 },
  unfit: shared,
  run: async (trial, size) => run(trial, size),
};

async function run(trial: Trial, { rolls = 0, clients = 0, perSecond = 0, windowMs = 0 }: Size) {
  const processes: Governed[] = [];
  for (const framework of ['express', 'fastify', 'express'] as const)
    processes.push(await Governed.start(trial, { framework, windowMs }));
  const up = new Set(processes);
  for (let i = 0; i < clients; i++) {
    const channels = [ALL[i % ALL.length] as string, ALL[(i * 3 + 1) % ALL.length] as string];
    await trial.read({ channels: [...new Set(channels)], url: () => pick(trial.random, [...up]).stream(channels) });
  }
  const publishing = publishSteadily(trial, openHub(trial), { channels: ALL, perSecond });
  const times: number[] = [];
  for (let roll = 0; roll < rolls; roll++) {
    const one = processes[roll % processes.length] as Governed;
    up.delete(one);
    times.push(await one.stop());
    await one.restart();
    up.add(one);
    await until('every client to be somewhere', () => trial.readers.every(({ follower }) => follower.isOpen));
  }
  const letters = await publishing.stop();
  await trial.judge();
  trial.mustHaveNoReset();
  const moves = trial.readers.reduce((sum, { follower }) => sum + follower.opens.length - 1, 0);
  return { rolls, clients, letters, moves, 'stop max ms': rounded(quantile(times, 1)), resets: trial.resets };
}
