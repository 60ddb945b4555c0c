/** Row 23: every client is cut off at once. They come back as EventSource does, and no faster than the hub lets them. */
import { createHub } from '@headwater/core';
import { quantile, rounded } from '../harness/figures.js';
import { until } from '../harness/wait.js';
import type { Row, Size } from '../row.js';
import type { Trial } from '../trial.js';
import { once } from './needs.js';
import { Patient } from './patient.js';
import { startSite } from './site.js';

export const storm: Row = {
  name: 'storm',
  promise:
    'when all clients are cut at once they come back at the rate that the hub allows, their snapshots are asked for together, and none is lost for good',
  short: { clients: 200, perSecond: 80, channels: 4 },
  full: { clients: 5_000, perSecond: 400, channels: 10 },
  unfit: once,
  run: async (trial, size) => run(trial, size),
};

const RETRY_MS = 2_000;
const SHORT_RETRY_MS = 250;
/** How long one answer of a provider serves all who ask. */
const SHARE_MS = 100;

async function run(trial: Trial, { clients = 0, perSecond = 0, channels = 0 }: Size) {
  const opened: number[] = [];
  const asked: number[] = [];
  const retryMs = trial.isFull ? RETRY_MS : SHORT_RETRY_MS;
  const hub = createHub({
    retryMs,
    maxConnectsPerSecond: perSecond,
    refusalRetrySeconds: [1, 2],
    ringEvents: 1,
    observers: [{ opened: () => void opened.push(performance.now()) }],
    snapshot: async (channel) => {
      asked.push(performance.now());
      await new Promise((resolve) => setImmediate(resolve));
      return { channel };
    },
  });
  const site = await startSite({ framework: 'fastify', hub });
  const names = Array.from({ length: channels }, (_, n) => `c${n}`);
  const crowd = Array.from({ length: clients }, (_, n) => new Patient(site.stream([names[n % channels] as string])));
  trial.defer(async () => {
    for (const client of crowd) client.close();
    await hub.close();
    await site.close();
  });
  await until('the crowd to be open', () => crowd.every(({ isOpen }) => isOpen), 60_000);

  opened.length = 0;
  // Their place is from another log: each needs a snapshot.
  for (const client of crowd) client.lastEventId = 'elsewhere.1';
  const begun = performance.now();
  for (const connection of hub.connections) connection.close({ reason: 'server', retryMs });
  await until('nobody to be open', () => crowd.every(({ isOpen }) => !isOpen), 60_000);
  for (const client of crowd) client.lastEventId = 'elsewhere.1';
  const seconds = () => (performance.now() - begun) / 1_000;
  await until(
    () => `everybody to be back; ${crowd.filter(({ isOpen }) => isOpen).length} of ${clients} are`,
    () => crowd.every(({ isOpen }) => isOpen),
    60_000,
  );
  const took = seconds();
  const dead = crowd.filter(({ isDead }) => isDead).length;
  if (dead > 0) throw new Error(`${dead} clients were told never to come back`);
  const excess = excessOf(opened, perSecond);
  if (excess > 0) throw new Error(`${excess} streams more than the rate allows`);
  const unrepaired = crowd.filter(({ resets }) => resets !== 1).length;
  if (unrepaired > 0) throw new Error(`${unrepaired} clients were not reset exactly once`);
  const mostCalls = channels * (Math.ceil((took * 1_000) / SHARE_MS) + 1);
  if (asked.length > mostCalls) throw new Error(`The provider was asked ${asked.length} times, more than ${mostCalls}`);
  const resumes = crowd.map(({ opens }) => (opens.at(-1) as number) - begun);
  trial.atMost('the time until everybody is back, in seconds,', took, 30);
  return {
    clients,
    'per second': perSecond,
    'back after s': rounded(took),
    'median ms': rounded(quantile(resumes, 0.5)),
    'provider calls': asked.length,
    refusals: crowd.reduce((sum, { waits }) => sum + waits.length, 0),
    dead,
  };
}

/** How many more than `rate` a second, with as many at once, in any stretch. `times` in milliseconds, in order. */
function excessOf(times: readonly number[], rate: number): number {
  let tokens = rate;
  let excess = 0;
  times.forEach((time, index) => {
    const passed = index === 0 ? 0 : time - (times[index - 1] as number);
    tokens = Math.min(rate, tokens + (passed / 1_000) * rate) - 1;
    // What was admitted a moment before it was noted.
    excess = Math.max(excess, Math.floor(-tokens - rate / 20));
  });
  return Math.max(0, excess);
}
