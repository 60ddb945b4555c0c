/** Connect rate: streams opened per second, and what one costs the server. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { ContenderName } from '../contenders/index.js';
import { Session } from '../harness/session.js';
import { column, fixed } from '../harness/table.js';
import { COLUMNS, limits, toSample } from './figures.js';
import { DEFAULTS, REFERENCE, type Scenario } from './scenario.js';

/** After the measurement: everyone must be subscribed. */
const PROOF_EVENTS = 3;
const POLL_MS = 20;

/** Resolves once the server has noticed that nobody is there any more. */
async function emptied({ server }: Session): Promise<void> {
  while ((await server.call('connections')) > 0) await sleep(POLL_MS);
}

export const connectRate: Scenario = {
  name: 'connect-rate',
  about: 'streams opened per second, 200 at a time',
  explained: `All streams are opened, 200 at a time, cut, and opened again: the second time is measured, until each has the head of
its response. Afterwards some events prove that everyone is subscribed.`,
  defaults: DEFAULTS,
  brief: { rounds: 2 },
  parameters: ['clients'],
  variants: ({ contenders }) => contenders,
  async measure(variant, parameters) {
    const { clients } = parameters;
    return Session.with({ ...parameters, contender: variant as ContenderName }, async (session) => {
      await session.connect(clients);
      await session.client.call('cut');
      await emptied(session);
      const opening = await session.measureOpening(clients);
      const proof = toSample(await session.measure(() => session.lockstep(PROOF_EVENTS)));
      const { spent, received, others } = opening;
      return {
        values: {
          perSecond: clients / (spent.wallMs / 1e3),
          perStream: (spent.cpuMs * 1e3) / clients,
          loopP99: spent.loopP99,
          loopMax: spent.loopMax,
          peakRss: spent.peakRss,
          serverCpu: spent.cpuMs / spent.wallMs,
          clientCpu: received.cpu,
          others,
        },
        remarks: [...new Set([...limits(opening), ...proof.remarks])],
        isSound: proof.isSound,
      };
    });
  },
  score: {
    metric: 'perStream',
    title: 'CPU us per stream',
    ratio: 'of headwater',
    better: 'less',
    reference: REFERENCE,
    show: fixed(0),
  },
  columns: [column('streams per second', 'perSecond', fixed(0))],
  details: [COLUMNS.hold, COLUMNS.rss, COLUMNS.cpu],
};
