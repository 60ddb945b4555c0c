/** Single: one event at a time, the next one when all clients have it. Nothing can be joined, so every event costs one write per client. */
import type { ContenderName } from '../contenders/index.js';
import { Session } from '../harness/session.js';
import { COLUMNS, PER_CPU_SECOND, toSample } from './figures.js';
import { DEFAULTS, type Scenario } from './scenario.js';

const { latency, publishMicros, hold, ownHold, rss, wire, cpu } = COLUMNS;

export const single: Scenario = {
  name: 'single',
  about: 'one event at a time to all clients',
  explained: `The next event is published when all clients have the one before. Nothing can be joined, so every event costs one write per client, and the system call is most of it.`,
  defaults: { ...DEFAULTS, contenders: [...DEFAULTS.contenders, 'raw-socket'] },
  brief: { events: 150, rounds: 2 },
  parameters: ['clients', 'events', 'bytes'],
  variants: ({ contenders }) => contenders,
  async measure(variant, parameters) {
    return Session.with({ ...parameters, contender: variant as ContenderName }, async (session) => {
      await session.open();
      return toSample(await session.measure(() => session.lockstep(parameters.events)));
    });
  },
  score: PER_CPU_SECOND,
  columns: [latency],
  details: [publishMicros, hold, ownHold, rss, wire, cpu],
};
