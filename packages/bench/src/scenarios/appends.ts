/** Appends: how many events one process stores per second, beside what the engine takes by itself. */
import type { Row } from '../harness/rounds.js';
import { Child } from '../harness/rpc.js';
import { asMs, column, fixed, ratioOf } from '../harness/table.js';
import { Usage } from '../harness/usage.js';
import type { AppenderApi, Way } from '../server/appender.js';
import { withPlace } from '../stores/place.js';
import { RAW } from '../stores/raw.js';
import type { StoreName } from '../stores/spec.js';
import { COLUMNS, limits } from './figures.js';
import { type Ask, DEFAULTS, type Parameters, type Sample, type Scenario } from './scenario.js';

const CALLERS = 64;
/** Of what the engine takes by itself. */
const LEAST_SHARE = 0.5;

const WAYS: Readonly<Record<string, Way>> = { raw: 'raw', 'store.append': 'append', 'hub.publish': 'publish' };

async function measure(variant: string, { seconds, bytes, profile }: Parameters): Promise<Sample> {
  const [kind, name] = variant.split(', ') as [StoreName, string];
  return withPlace(kind, async (place) => {
    const child = new Child<AppenderApi>('appender', profile ? ['--cpu-prof', `--cpu-prof-dir=${profile}`] : []);
    try {
      const load = { callers: CALLERS, seconds };
      await child.call('prepare', { ...load, way: WAYS[name] as Way, store: { kind, where: place.where }, bytes });
      const usage = new Usage();
      const besideAt = await place.cpuMs();
      const { count, wallMs, cpuMs, p50, p99, lost } = await child.call('run', load);
      const besideMs = (await place.cpuMs()) - besideAt;
      const others = usage.others(cpuMs + besideMs);
      const perCall = (cpuMs * 1e3) / count;
      const cores = { serverCpu: cpuMs / wallMs, besideCpu: besideMs / wallMs, others };
      return {
        values: { perSecond: count / (wallMs / 1e3), perCall, p50, p99, ...cores },
        remarks: [...(lost === 0 ? [] : [`${lost} LOST`]), ...limits({ others })],
        isSound: lost === 0,
      };
    } finally {
      await child.stop();
    }
  });
}

/** The engine by itself; the memory store has none. */
function rawOf(variant: string): string | undefined {
  const kind = variant.split(', ')[0] as StoreName;
  return RAW[kind] && `${kind}, raw`;
}

function variants({ stores }: Parameters): string[] {
  const ofStore = (kind: StoreName): string[] => Object.keys(WAYS).filter((name) => RAW[kind] || name !== 'raw');
  return stores.flatMap((kind) => ofStore(kind).map((name) => `${kind}, ${name}`));
}

function asks(rows: readonly Row[]): Ask[] {
  const asked = rows.filter(({ variant }) => rawOf(variant) !== undefined && rawOf(variant) !== variant);
  return asked.map((row) => {
    const share = ratioOf(row, rows, appends);
    return {
      asked: `${row.variant}: at least ${LEAST_SHARE} of the engine by itself`,
      found: fixed(2)(share),
      isMet: share >= LEAST_SHARE,
    };
  });
}

export const appends: Scenario = {
  name: 'appends',
  about: `events stored per second, ${CALLERS} callers at once`,
  explained: `${CALLERS} callers in one process, each of which stores its next event when the one before is answered: through the hub, through the store
alone, and *raw*, past Headwater with the client that the store uses. Raw is \`XADD\` with node-redis, which sends the commands of one moment
together, to a server with \`appendonly yes\` and \`appendfsync everysec\`; for LMDB \`put\` with lmdb-js, awaited until it is on the disk; for PostgreSQL one \`insert\`, with pg, of all
rows that wait, and its commit; for NATS JetStream's publish, a message for each event, which does not wait for the one before (the store joins the events of a moment into one message). The memory store has nothing beneath it.
The checks: the log has grown by what was answered.`,
  defaults: { ...DEFAULTS, seconds: 5 },
  brief: { seconds: 2, rounds: 2 },
  parameters: ['seconds', 'bytes'],
  variants,
  measure,
  score: {
    metric: 'perSecond',
    title: 'events per second',
    ratio: 'of raw',
    better: 'more',
    isShare: true,
    reference: rawOf,
    show: fixed(0),
  },
  columns: [
    column('CPU us per event', 'perCall', fixed(1)),
    column('answer ms: p50', 'p50', asMs),
    column('p99', 'p99', asMs),
    COLUMNS.cores,
  ],
  details: [],
  asks,
};
