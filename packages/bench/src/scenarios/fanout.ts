/** Fan-out: events at a steady rate to many clients. The main figure: what a second of CPU time delivers. */
import type { ContenderName } from '../contenders/index.js';
import { Session } from '../harness/session.js';
import { COLUMNS, PER_CPU_SECOND, toSample } from './figures.js';
import { DEFAULTS, type Parameters, type Scenario } from './scenario.js';

async function measure(variant: string, parameters: Parameters): ReturnType<Scenario['measure']> {
  return Session.with({ ...parameters, contender: variant as ContenderName }, async (session) => {
    await session.open();
    return toSample(await session.measure(() => session.atRate(parameters)));
  });
}

const { keepsUp, latency, publishMicros, hold, ownHold, rss, wire, cpu } = COLUMNS;

const fanout = {
  parameters: ['clients', 'rate', 'seconds', 'bytes'],
  variants: ({ contenders }: Parameters) => contenders,
  measure,
  score: PER_CPU_SECOND,
  columns: [keepsUp, latency],
  details: [publishMicros, hold, ownHold, rss, wire, cpu],
} as const;

export const fanout1000: Scenario = {
  ...fanout,
  name: 'fanout-1000',
  about: '1,000 events a second to 1,000 clients',
  explained: `A million deliveries per second are due. What a second of the server's CPU time delivers says the most: it does not depend on how many cores
the rest of the machine has. A server that cannot keep up is *behind*, and its latency is that of its backlog.`,
  defaults: DEFAULTS,
  brief: { seconds: 3, rounds: 2 },
};

export const fanout9000: Scenario = {
  ...fanout,
  name: 'fanout-9000',
  about: '1,000 events a second to 9,000 clients',
  explained: `Nine million deliveries per second are due: more than the clients' own core can take on a small machine, which the checks then say.
The other libraries are left out, as they cannot follow with 1,000 clients.`,
  defaults: { ...DEFAULTS, contenders: ['headwater-http', 'headwater-express', 'headwater-fastify'], clients: 9_000 },
  brief: { seconds: 4, rounds: 1 },
};
