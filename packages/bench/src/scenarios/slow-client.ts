/** Slow client: one client stops reading while large events are sent. A report of what waits for it, and whether the others notice. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { ContenderName } from '../contenders/index.js';
import type { Row } from '../harness/rounds.js';
import { Session } from '../harness/session.js';
import { asMB, column, fixed } from '../harness/table.js';
import type { Sample as Look } from '../server/gauges.js';
import { COLUMNS, toSample } from './figures.js';
import { DEFAULTS, REFERENCE, type Scenario } from './scenario.js';

const RATE = 40;
const STEPS = 6;
/** How long the slow client may read when it has come back. */
const RETURN_MS = 3_000;

export const slowClient: Scenario = {
  name: 'slow-client',
  about: 'one paused client among others, large events',
  explained: `One client stops reading while large events are sent. What waits for it in the server, and whether the others notice. Headwater lets the client's
cursor stand still and reads on from history when it comes back; what its memory store no longer keeps by then is *skipped*, and announced to the client by \`sse.reset\`.`,
  defaults: { ...DEFAULTS, clients: 50, rate: RATE, events: 400, bytes: 64 * 1024, rounds: 1 },
  brief: { events: 200 },
  parameters: ['clients', 'rate', 'events', 'bytes'],
  variants: ({ contenders }) => contenders,
  async measure(variant, parameters) {
    const { clients, rate, events } = parameters;
    return Session.with({ ...parameters, contender: variant as ContenderName }, async (session) => {
      await session.open();
      const before = await session.client.call('reached', 0);
      await session.client.call('pause', 0);
      const measured = await session.measure(() => session.atRate({ rate, seconds: events / rate }), {
        samples: true,
        clients: clients - 1,
      });
      const pausedAt = await session.client.call('reached', 0);
      await session.client.call('resume', 0);
      await sleep(RETURN_MS);
      const { lost, closed } = await session.client.call('end');
      const sample = toSample(measured);
      const series = measured.spent.samples;
      const values = {
        ...sample.values,
        peakPending: Math.max(...series.map(({ pending }) => pending)),
        rssGrowth: measured.spent.peakRss - (series[0]?.rss ?? 0),
        readWhilePaused: pausedAt - before,
        // What it skipped is announced by a library that can, and counted as lost here.
        hadAfterwards: (await session.client.call('reached', 0)) - before - lost,
        skipped: lost,
        wasClosed: closed,
      };
      return { ...sample, values, series };
    });
  },
  score: {
    metric: 'peakPending',
    title: 'MB pending at most',
    ratio: 'of headwater',
    better: 'less',
    reference: REFERENCE,
    show: fixed(1, 1e-6),
  },
  columns: [
    { title: 'over time', cell: pendingOverTime },
    column('RSS grew MB', 'rssGrowth', asMB),
    { ...COLUMNS.latency, title: 'latency of the others ms: p50, p99, max' },
    column('slow client had at last', 'hadAfterwards', fixed(0)),
    column('skipped', 'skipped', fixed(0)),
    column('closed', 'wasClosed', fixed(0)),
  ],
  details: [],
};

function pendingOverTime(row: Row): string {
  const series = (row.samples[0]?.series ?? []) as readonly Look[];
  const at = Array.from({ length: STEPS }, (_, i) => series[Math.round(((i + 1) / STEPS) * (series.length - 1))]);
  return at.map((look) => fixed(1, 1e-6)(look?.pending ?? Number.NaN)).join(' ');
}
