/** Relay: published in one process, delivered by another one over the same store. */
import type { Row } from '../harness/rounds.js';
import { asMs, column } from '../harness/table.js';
import type { StoreName } from '../stores/spec.js';
import { COLUMNS, toSample } from './figures.js';
import { type Ask, DEFAULTS, type Parameters, type Scenario } from './scenario.js';
import { withStore } from './stores.js';

/** Between the processes, over Redis. Microseconds. */
const MOST_P50 = 3_000;

const PACES = ['one at a time', 'at a rate'] as const;

async function measure(variant: string, parameters: Parameters): ReturnType<Scenario['measure']> {
  const [kind, pace] = variant.split(', ') as [StoreName, (typeof PACES)[number]];
  const { events } = parameters;
  return withStore(kind, undefined, { ...parameters, isRelayed: true }, async (session) => {
    await session.open();
    const publish = () => (pace === 'at a rate' ? session.atRate(parameters) : session.lockstep(events));
    return toSample(await session.measure(publish));
  });
}

function ask(row: Row): Ask {
  const found = row.median('p50');
  return {
    asked: `${row.variant}: p50 under ${MOST_P50 / 1e3} ms`,
    found: `${asMs(found)} ms`,
    isMet: found < MOST_P50,
  };
}

export const relay: Scenario = {
  name: 'relay',
  about: 'from publish() in one process to a client of another one',
  explained: `Two server processes share a store. One publishes, the clients are with the other one. *One at a time*: the next event is published when the
client has the one before. *At a rate*: an event is due at a fixed time, and the publisher looks at the clock once a millisecond, which is part of the latency.`,
  defaults: { ...DEFAULTS, clients: 1, rate: 200, events: 500 },
  brief: { events: 300, seconds: 4, rounds: 2 },
  parameters: ['clients', 'rate', 'events', 'seconds', 'bytes'],
  variants: ({ stores }) =>
    stores.filter((kind) => kind !== 'memory').flatMap((kind) => PACES.map((pace) => `${kind}, ${pace}`)),
  measure,
  score: {
    metric: 'p50',
    title: 'p50 ms',
    ratio: 'of redis',
    better: 'less',
    reference: (variant) => variant.replace(/^\w+/, 'redis'),
    show: asMs,
  },
  columns: [
    column('p90', 'p90', asMs),
    column('p99', 'p99', asMs),
    column('p99.9', 'p999', asMs),
    column('max', 'max', asMs),
    COLUMNS.publishMicros,
  ],
  details: [COLUMNS.cpu],
  asks: (rows) => rows.filter(({ variant }) => variant.startsWith('redis')).map(ask),
};
