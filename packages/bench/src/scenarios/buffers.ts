/**
 * Buffers: what the size of a write does to throughput, CPU and latency, at the level of the socket. Each write carries one
 * event of that size to every client; the next one starts when the system has taken it for all, or with several in flight.
 */
import { Session } from '../harness/session.js';
import { column, fixed } from '../harness/table.js';
import { COLUMNS, toSample } from './figures.js';
import { DEFAULTS, type Parameters, type Sample, type Scenario } from './scenario.js';

const KIB = 1024;

/** Size of a write in KiB, and how many may wait. */
const VARIANTS: Readonly<Record<string, { kib: number; inFlight: number }>> = Object.fromEntries(
  [
    ...[1, 4, 8, 16, 32, 64, 96, 128, 192, 256, 512, 1024].map((kib) => ({ kib, inFlight: 1 })),
    ...[4, 16, 64].map((inFlight) => ({ kib: 16, inFlight })),
  ].map((variant) => [`${variant.kib} KiB${variant.inFlight > 1 ? `, ${variant.inFlight} in flight` : ''}`, variant]),
);

async function measure(variant: string, parameters: Parameters): Promise<Sample> {
  const { kib, inFlight } = VARIANTS[variant] as { kib: number; inFlight: number };
  const { clients, seconds, profile } = parameters;
  const size = kib * KIB;
  return Session.with({ contender: 'raw-socket', clients, bytes: size, profile }, async (session) => {
    await session.open();
    const sample = toSample(await session.measure(() => session.flood({ seconds, inFlight })));
    const { cpuMs = 0, wallMs = 0, delivered = 0, returnMean = 0 } = sample.values;
    const megabytes = (delivered * size) / 1e6;
    return {
      ...sample,
      values: {
        ...sample.values,
        perCpuSecond: megabytes / (cpuMs / 1e3),
        perSecond: megabytes / (wallMs / 1e3),
        perWrite: (cpuMs * 1e3) / delivered,
        passOf1000: (returnMean / clients) * 1e3,
      },
    };
  });
}

export const buffers: Scenario = {
  name: 'buffers',
  about: 'what the size of a write does, at the level of the socket',
  explained:
    'The reason for the limits in `packages/core/src/options.ts`. Each write carries one event of that size to every client.',
  defaults: { ...DEFAULTS, clients: 200, seconds: 2 },
  parameters: ['clients', 'seconds'],
  variants: () => Object.keys(VARIANTS),
  measure,
  score: {
    metric: 'perCpuSecond',
    title: 'MB per CPU-second',
    ratio: '256 KiB moves',
    better: 'more',
    reference: '256 KiB',
    show: fixed(0),
  },
  columns: [
    column('MB/s', 'perSecond', fixed(0)),
    column('CPU us per write', 'perWrite', fixed(1)),
    column('ms for a pass over 1,000 clients', 'passOf1000', fixed(1, 1e-3)),
    COLUMNS.latency,
    COLUMNS.rss,
    COLUMNS.cpu,
  ],
  details: [],
};
