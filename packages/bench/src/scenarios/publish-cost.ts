/** Publish cost: how long `publish()` keeps its caller, at a rate that leaves every server time to breathe. */
import type { ContenderName } from '../contenders/index.js';
import { Session } from '../harness/session.js';
import { column, fixed } from '../harness/table.js';
import { COLUMNS, toSample } from './figures.js';
import { DEFAULTS, REFERENCE, type Scenario } from './scenario.js';

/** What runs once per event is hot only after some ten thousand of them; what runs once per client is hot at once. */
const REHEARSAL = 30_000;

export const publishCost: Scenario = {
  name: 'publish-cost',
  about: 'what publish() costs its caller',
  explained: `How long \`publish()\` keeps the code that calls it, at a rate that leaves every server time to breathe. Headwater's returns at once, and its promise
resolves when the event is stored; the writes follow in a turn of their own.`,
  defaults: { ...DEFAULTS, rate: 50 },
  brief: { seconds: 4, rounds: 1 },
  parameters: ['clients', 'rate', 'seconds', 'bytes'],
  variants: ({ contenders }) => contenders,
  async measure(variant, parameters) {
    return Session.with({ ...parameters, contender: variant as ContenderName }, async (session) => {
      await session.open({ rehearsal: REHEARSAL });
      return toSample(await session.measure(() => session.atRate(parameters)));
    });
  },
  score: {
    metric: 'returnMean',
    title: 'us until return',
    ratio: 'of headwater',
    better: 'less',
    reference: REFERENCE,
    show: fixed(1),
  },
  columns: [
    column('p50', 'returnP50', fixed(1)),
    column('p99', 'returnP99', fixed(1)),
    {
      title: 'us until resolve',
      cell: (row) => (row.median('resolveMean') > 0 ? fixed(1)(row.median('resolveMean')) : '-'),
    },
    { title: 'p99', cell: (row) => (row.median('resolveP99') > 0 ? fixed(1)(row.median('resolveP99')) : '-') },
  ],
  details: [COLUMNS.latency, COLUMNS.hold, COLUMNS.cpu],
};
