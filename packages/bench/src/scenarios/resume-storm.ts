/** Resume storm: everybody is cut at once and comes back, each somewhere else in the log. */
import type { Row } from '../harness/rounds.js';
import type { Behind } from '../harness/setup.js';
import { asMB, column, fixed } from '../harness/table.js';
import type { StoreName } from '../stores/spec.js';
import { COLUMNS, toSample } from './figures.js';
import { type Ask, DEFAULTS, type Parameters, type Scenario } from './scenario.js';
import { withStore } from './stores.js';

const CLIENTS = 5_000;
/** Reads of the store that are asked for at most, per client. */
const READS_PER_CLIENT = 0.02;
/** After the storm: everyone must be live. */
const PROOF_EVENTS = 3;

interface Case {
  readonly name: string;
  /** The server is another one, with an empty ring. */
  readonly restarts: boolean;
  readonly ringEvents?: number;
  readonly behind: Behind;
}

const CASES: readonly Case[] = [
  { name: 'after a restart', restarts: true, behind: { least: 1, most: 200 } },
  { name: 'ring too short', restarts: false, ringEvents: 100, behind: { least: 101, most: 10_000 } },
];

async function measure(variant: string, parameters: Parameters): ReturnType<Scenario['measure']> {
  const { clients, events } = parameters;
  const [kind, name] = variant.split(', ') as [StoreName, string];
  const { restarts, ringEvents, behind } = CASES.find((known) => known.name === name) as Case;
  return withStore(kind, events, { ...parameters, ringEvents }, async (session) => {
    await session.fill(events);
    await session.connect(clients);
    await session.client.call('cut');
    if (restarts) await session.restart();
    const before = restarts ? 0 : await session.server.call('reads');
    const measured = await session.comeBack(clients, behind);
    const reads = (await session.server.call('reads')) - before;
    const sample = toSample(measured);
    const values = { ...sample.values, reads, readsPerClient: reads / clients };
    // Nobody is waited for who has not come this far.
    if (measured.received.delivered < measured.wanted) return { ...sample, values, isSound: false };
    const proof = toSample(await session.measure(() => session.lockstep(PROOF_EVENTS)));
    return {
      values,
      remarks: [...new Set([...sample.remarks, ...proof.remarks])],
      isSound: sample.isSound && proof.isSound,
    };
  });
}

function ask(row: Row): Ask {
  const found = row.median('readsPerClient');
  return {
    asked: `${row.variant}: at most ${READS_PER_CLIENT * 100} reads of the store per 100 clients`,
    found: fixed(2, 100)(found),
    isMet: found <= READS_PER_CLIENT,
  };
}

export const resumeStorm: Scenario = {
  name: 'resume-storm',
  about: 'everybody is cut at once and comes back with a Last-Event-ID',
  explained: `All clients follow a server over a long log, are cut at once, and come back, 200 at a time, each with the \`Last-Event-ID\` of a random place.
*After a restart*: the server is a new process that has seen nothing (over the memory store, which ends with its process, a new hub); the
places are the last 200, the ring has its default size. *Ring too short*: the server goes on; the places are the last 10,000, its ring holds 100.
The time runs until the last client has the last event, and includes that the new process warms its ring; afterwards some events prove that all are live.`,
  defaults: { ...DEFAULTS, clients: CLIENTS, events: 20_000 },
  brief: { rounds: 1 },
  parameters: ['clients', 'events', 'bytes'],
  variants: ({ stores }) => CASES.flatMap(({ name }) => stores.map((store) => `${store}, ${name}`)),
  measure,
  score: {
    metric: 'completeMs',
    title: 'ms until the last has all',
    ratio: 'of memory',
    better: 'less',
    reference: (variant) => variant.replace(/^\w+/, 'memory'),
    show: fixed(0),
  },
  columns: [
    column('events', 'delivered', fixed(0)),
    column('store.read calls', 'reads', fixed(0)),
    column('server CPU ms', 'cpuMs', fixed(0)),
    column('database CPU ms', 'besideMs', fixed(0)),
    column('RSS MB', 'peakRss', asMB),
  ],
  details: [COLUMNS.hold, COLUMNS.wire, COLUMNS.cpu],
  // Fewer clients share less.
  asks: (rows, { clients }) => (clients < CLIENTS ? [] : rows.map(ask)),
};
