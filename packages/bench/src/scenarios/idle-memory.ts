/**
 * Idle memory: what a connection costs that waits for events.
 * Measured between a quarter of the connections and all of them, each time after a collection of garbage: neither the start of
 * the process nor what is only waiting to be collected counts.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import type { ContenderName } from '../contenders/index.js';
import { Session } from '../harness/session.js';
import { column, fixed } from '../harness/table.js';
import type { Memory } from '../server/server.js';
import { DEFAULTS, type Scenario } from './scenario.js';

const SETTLE_MS = 2_000;

async function settledMemory(session: Session): Promise<Memory> {
  await sleep(SETTLE_MS);
  await session.server.call('memory');
  await sleep(SETTLE_MS / 4);
  return session.server.call('memory');
}

/** express-sse writes to every client whenever one connects: with 8,000 that takes minutes. */
const CONTENDERS = DEFAULTS.contenders.filter((name) => name !== 'express-sse');

export const idleMemory: Scenario = {
  name: 'idle-memory',
  about: 'resident memory per idle connection',
  explained: `Measured between a quarter of the connections and all of them, after a collection of garbage: neither the start of the process nor what is
only waiting to be collected counts. The kernel's own buffers are not part of it. express-sse writes to everybody when somebody connects, which takes minutes here: it is left out.`,
  defaults: { ...DEFAULTS, contenders: [...CONTENDERS, 'plain-express'], clients: 8_000 },
  brief: { clients: 5_000, rounds: 1 },
  parameters: ['clients'],
  variants: ({ contenders }) => contenders,
  async measure(variant, parameters) {
    const { clients } = parameters;
    return Session.with({ ...parameters, contender: variant as ContenderName }, async (session) => {
      const first = Math.ceil(clients / 4);
      await session.connect(first);
      const before = await settledMemory(session);
      await session.connect(clients - first);
      const after = await settledMemory(session);
      const perClient = (of: keyof Memory): number => (after[of] - before[of]) / (clients - first);
      const { closed } = await session.client.call('end');
      return {
        values: { rss: perClient('rss'), heap: perClient('heapUsed'), external: perClient('external'), all: after.rss },
        remarks: closed > 0 ? [`${closed} CLOSED`] : [],
        isSound: closed === 0,
      };
    });
  },
  score: {
    metric: 'rss',
    title: 'KB per connection',
    ratio: 'of plain',
    better: 'less',
    reference: 'plain',
    show: fixed(2, 1e-3),
  },
  columns: [
    column('of it heap', 'heap', fixed(2, 1e-3)),
    column('of it external', 'external', fixed(2, 1e-3)),
    column('RSS MB', 'all', fixed(0, 1e-6)),
  ],
  details: [],
};
