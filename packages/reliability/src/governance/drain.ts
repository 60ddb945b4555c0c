/** Row 25: SIGTERM under load. The streams leave over the window, evenly, and go on in the other process. */
import { rounded } from '../harness/figures.js';
import { until } from '../harness/wait.js';
import type { Row, Size } from '../row.js';
import type { Trial } from '../trial.js';
import { openHub, publishSteadily } from './author.js';
import { Governed } from './governed.js';
import { shared } from './needs.js';

const CHANNELS = ['a', 'b'];
const TENTHS = 10;

export const drained: Row = {
  name: 'drain',
  promise:
    'at SIGTERM clients leave evenly over the window, each gets everything exactly once on the other process, and the process ends in time',
  short: { clients: 100, windowMs: 2_000, perSecond: 100 },
  full: { clients: 2_000, windowMs: 25_000, perSecond: 20 },
  unfit: shared,
  run: async (trial, size) => run(trial, size as typeof drained.short),
};

async function run(trial: Trial, { clients = 0, windowMs = 0, perSecond = 0 }: Size) {
  const leaving = await Governed.start(trial, { framework: trial.seed % 2 ? 'express' : 'fastify', windowMs });
  const staying = await Governed.start(trial, { framework: trial.seed % 2 ? 'fastify' : 'express', windowMs: 0 });
  const hub = openHub(trial);
  let target = leaving;
  for (let i = 0; i < clients; i++) await trial.read({ channels: CHANNELS, url: () => target.stream(CHANNELS) });
  const publishing = publishSteadily(trial, hub, { channels: CHANNELS, perSecond });
  // The probe has told the load balancer.
  target = staying;
  const begun = performance.now();
  const tookMs = await leaving.stop();
  await until('every client to be on the other process', () =>
    trial.readers.every(({ follower }) => follower.opens.length === 2 && follower.isOpen),
  );
  const letters = await publishing.stop();
  await trial.judge();
  trial.mustHaveNoReset();
  const most = Math.max(...tenthsOf(trial, begun, windowMs));
  trial.atMost('the number of streams in the fullest tenth of the window', most, (2 * clients) / TENTHS);
  // One that is killed for being late has taken five seconds more.
  if (tookMs > windowMs + 4_500) throw new Error(`The process took ${tookMs} ms, the window is ${windowMs}`);
  trial.atMost('the end of the process in ms', tookMs, windowMs + 1_000);
  return {
    clients,
    letters,
    'window ms': windowMs,
    'most in a tenth': most,
    'ended after ms': rounded(tookMs),
    resets: trial.resets,
  };
}

/** How many streams were opened anew in each tenth of the window. */
function tenthsOf(trial: Trial, begun: number, windowMs: number): number[] {
  const tenths = Array<number>(TENTHS).fill(0);
  for (const { follower } of trial.readers) {
    const tenth = Math.floor((((follower.opens[1]?.at ?? 0) - begun) / windowMs) * TENTHS);
    const index = Math.min(TENTHS - 1, Math.max(0, tenth));
    tenths[index] = (tenths[index] ?? 0) + 1;
  }
  return tenths;
}
