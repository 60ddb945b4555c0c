/** Replay: one client that is far behind, and how fast it gets what it lacks. */
import { asMB, column, fixed } from '../harness/table.js';
import type { StoreName } from '../stores/spec.js';
import { COLUMNS, toSample } from './figures.js';
import { DEFAULTS, type Scenario } from './scenario.js';
import { growth, withStore } from './stores.js';

export const replay: Scenario = {
  name: 'replay',
  about: 'one client that comes back far behind',
  explained: `The log is filled before the server starts. Then one client comes with the \`Last-Event-ID\` of the log's beginning and gets all of it.
The other libraries are left out: none keeps a history of this length. sse-channel's is an array of the newest messages that is searched for
every message sent; with better-sse, @fastify/sse, fastify-sse-v2 and express-sse it is the application's own business.`,
  defaults: { ...DEFAULTS, events: 250_000 },
  brief: { rounds: 1 },
  parameters: ['events', 'bytes'],
  variants: ({ stores }) => stores,
  async measure(variant, parameters) {
    const { events } = parameters;
    const setup = { ...parameters, clients: 1 };
    return withStore(variant as StoreName, events, setup, async (session) => {
      await session.fill(events);
      // Whoever comes first waits until the hub has its store, and warms its ring.
      await session.connect(1);
      await session.client.call('cut');
      const measured = await session.comeBack(1, { least: events, most: events });
      const sample = toSample(measured);
      const { rss, own } = growth(measured);
      const { completeMs = 0, cpuMs = 0, delivered = 0 } = sample.values;
      return {
        ...sample,
        values: {
          ...sample.values,
          perSecond: delivered / (completeMs / 1e3),
          perEvent: (cpuMs * 1e3) / delivered,
          besidePerEvent: (measured.besideMs * 1e3) / delivered,
          rssGrowth: rss,
          ownGrowth: own,
        },
      };
    });
  },
  score: {
    metric: 'perSecond',
    title: 'events per second',
    ratio: 'of memory',
    better: 'more',
    isShare: true,
    reference: 'memory',
    show: fixed(0),
  },
  columns: [
    column('ms until it has all', 'completeMs', fixed(0)),
    column('CPU us per event', 'perEvent', fixed(1)),
    column('database us per event', 'besidePerEvent', fixed(1)),
    column('RSS grew MB', 'rssGrowth', asMB),
    column('without mapped files', 'ownGrowth', asMB),
  ],
  details: [COLUMNS.hold, COLUMNS.wire, COLUMNS.cpu],
};
