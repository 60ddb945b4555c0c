/** From a measurement to figures: the same for every scenario in which events are delivered. */

import type { Measured } from '../harness/setup.js';
import { asMB, asMs, column, fixed } from '../harness/table.js';
import { type Column, REFERENCE, type Sample, type Scenario } from './scenario.js';

/** Above this share of time or of a core the clients limit what is measured. */
const BUSY = 0.95;
/** Above this many cores somebody else was working, too. */
export const OTHERS = 0.3;
/** An event that is later than this at the end shows that the server has fallen behind. */
const BEHIND_MS = 250;

export function toSample({ published, received, spent, wanted, besideMs, others }: Measured): Sample {
  const { lost, repeated, malformed, closed } = received;
  const remarks: string[] = [];
  if (lost > 0) remarks.push(`${lost} LOST`);
  if (repeated > 0) remarks.push(`${repeated} REPEATED`);
  if (malformed > 0) remarks.push(`${malformed} BROKEN`);
  if (closed > 0) remarks.push(`${closed} CLOSED`);
  const isSound = remarks.length === 0;
  if (received.delivered < wanted) remarks.push(`${fixed(0)((received.delivered / wanted) * 100)} % delivered in time`);
  remarks.push(...limits({ received, others }));
  const { samples: _, ...costs } = spent;
  const values = {
    ...costs,
    ...published,
    delivered: received.delivered,
    perCpuSecond: received.delivered / (spent.cpuMs / 1e3),
    wireBytes: received.bytes / received.delivered,
    p50: received.p50,
    p90: received.p90,
    p99: received.p99,
    p999: received.p999,
    max: received.max,
    completeMs: received.lastMs,
    besideMs,
    lastLateMs: received.lastLate / 1e3,
    serverCpu: spent.cpuMs / spent.wallMs,
    clientCpu: received.cpu,
    clientBusy: received.busy,
    others,
  };
  return { values, remarks, isSound };
}

/** What limits what the figures say. */
export function limits({ received, others }: { received?: Measured['received']; others: number }): string[] {
  const remarks: string[] = [];
  if (received && (received.busy > BUSY || received.cpu > BUSY)) remarks.push('client-bound');
  if (others > OTHERS) remarks.push('machine busy');
  return remarks;
}

/** The score of all scenarios about delivery. */
export const PER_CPU_SECOND: Scenario['score'] = {
  metric: 'perCpuSecond',
  title: 'deliveries per CPU-second',
  ratio: 'headwater delivers',
  better: 'more',
  reference: REFERENCE,
  show: fixed(0),
};

const keepsUp: Column = {
  title: 'keeps up',
  cell(row) {
    const share = row.median('published') / row.median('due');
    const late = row.median('lastLateMs');
    if (share >= 0.995 && late <= BEHIND_MS) return 'holds';
    return share >= 0.995 ? `behind ${fixed(0)(late)} ms` : `behind, ${fixed(0)(share * 100)} % published`;
  },
};

const publishMicros: Column = {
  title: 'publish() us: return, resolve',
  cell(row) {
    const resolve = row.median('resolveMean');
    return `${fixed(1)(row.median('returnMean'))}, ${resolve > 0 ? fixed(0)(resolve) : '-'}`;
  },
};

const hold: Column = {
  title: 'loop held ms: p99, max',
  cell: (row) => `${fixed(1)(row.median('loopP99'))}, ${fixed(1)(row.median('loopMax'))}`,
};

const ownHold: Column = {
  title: 'flush held ms: p99, max',
  cell(row) {
    const [p99, max] = [row.median('holdP99'), row.median('holdMax')];
    return p99 < 0 ? '-' : `${fixed(1)(p99)}, ${fixed(1)(max)}`;
  },
};

const latency: Column = {
  title: 'latency ms: p50, p99, max',
  cell: (row) => ['p50', 'p99', 'max'].map((metric) => asMs(row.median(metric))).join(', '),
};

/** The columns of all scenarios about delivery. */
export const COLUMNS = {
  keepsUp,
  latency,
  publishMicros,
  hold,
  ownHold,
  rss: column('RSS MB', 'peakRss', asMB),
  wire: column('wire B/event', 'wireBytes', fixed(0)),
  cores: {
    title: 'cores: process, database, others',
    cell: (row) => ['serverCpu', 'besideCpu', 'others'].map((metric) => fixed(2)(row.median(metric))).join(', '),
  },
  cpu: {
    title: 'cores: server, client, others',
    cell: (row) => ['serverCpu', 'clientCpu', 'others'].map((metric) => fixed(2)(row.median(metric))).join(', '),
  },
} satisfies Record<string, Column>;
