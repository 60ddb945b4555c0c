/** Row 35: hundreds of clients are reset while the state changes under them: one that the application provides, one that the store folds. */
import { deliver } from '../harness/deliver.js';
import { Follower } from '../harness/follower.js';
import { below } from '../harness/random.js';
import type { Server } from '../harness/server.js';
import { pause, until } from '../harness/wait.js';
import { seqOf } from '../oracle/ledger.js';
import { describeState, KEYED, PROVIDED, type Reading, type State, Table } from '../oracle/table.js';
import { defineRow } from '../row.js';
import type { Trial } from '../trial.js';

const KEYS = 50;
const SHARE_MS = 100;
/** More than is published while one answer of the provider is shared. */
const RETENTION = { count: 500, ageMs: false, bytes: false } as const;

export const snapshotRace = defineRow({
  name: 'snapshot-race',
  promise:
    'clients that are reset while the state changes all end with the true state, and the provider is asked about once per 100 ms at most',
  short: { clients: 60, changes: 600 },
  full: { clients: 500, changes: 6_000 },
  async run(trial, { clients, changes }) {
    const server = await trial.serve({
      store: trial.spec({ retention: RETENTION }),
      provided: 'table',
      keyed: ['todos'],
      // A ring that reached back to the old id would resume it.
      hub: { ringEvents: 200 },
    });
    const truth: State = new Map();
    const old = (await Promise.all([mutate(trial, server), changeItems(trial, truth, 1)])).sort(bySeq)[0] as string;
    // Past what is retained, so that the old id is a reset.
    for (let n = 0; n < RETENTION.count + 100; n += 50) {
      await Promise.all([...Array.from({ length: 50 }, () => mutate(trial, server)), changeItems(trial, truth, 50)]);
    }
    const visits: Visit[] = [];
    let last = old;
    for (let changed = 0; changed < changes; changed += 10) {
      while (visits.length < (clients * (changed + 10)) / changes) visits.push(visit(server, visits.length, old));
      const ids = await Promise.all([mutate(trial, server), mutate(trial, server), changeItems(trial, truth, 8)]);
      last = ids.sort(bySeq).at(-1) as string;
      await pause(5);
    }
    const lasts = await Promise.all([mutate(trial, server), changeItems(trial, truth, 1)]);
    const provided: State = new Map(Object.entries(await server.call<object>('state')));
    trial.defer(() => visits.forEach(({ follower }) => void follower.close()));
    await Promise.all(
      visits.map(async ({ table, channel, follower }) => {
        const [end, state] = channel === 'table' ? [lasts[0], provided] : [lasts[1], truth];
        await until('the last change', () => table.place >= seqOf(end as string));
        follower.close();
        if (follower.resets.length === 0) throw new Error(`A client of ${channel} was not reset`);
        if (describeState(table.state) !== describeState(state))
          throw new Error(`A client of ${channel} ends with a wrong state`);
      }),
    );
    const { providerCalls } = await server.stats();
    const span = (providerCalls.at(-1) ?? 0) - (providerCalls[0] ?? 0);
    // A call begins a little after it is decided on; over all of them that is one interval at most.
    const most = Math.floor(span / SHARE_MS) + 2;
    if (providerCalls.length > most)
      throw new Error(`The provider was asked ${providerCalls.length} times in ${span} ms`);
    return {
      clients,
      changes,
      head: seqOf(last),
      'provider calls': providerCalls.length,
      'in ms': Math.round(span),
      'wrong states': 0,
    };
  },
});

interface Visit {
  readonly channel: string;
  readonly table: Table;
  readonly follower: Follower;
}

/** Comes with an id whose history is gone. */
function visit(server: Server, index: number, lastEventId: string): Visit {
  const [channel, reading]: [string, Reading] = index % 2 === 0 ? ['table', PROVIDED] : ['todos', KEYED];
  const table = new Table(reading);
  const follower = new Follower({
    url: () => server.stream([channel]),
    lastEventId,
    onEvent: table.take,
    onControl: table.take,
  });
  return { channel, table, follower };
}

async function mutate({ random }: Trial, server: Server): Promise<string> {
  const change = { key: `key ${below(random, KEYS)}`, value: below(random, 1e9) };
  return (await server.call<{ id: string }>('mutate', change)).id;
}

async function changeItems(trial: Trial, truth: State, count: number): Promise<string> {
  const messages = Array.from({ length: count }, () => {
    const { n } = trial.ledger.write('todos', trial.random, 0);
    const id = `item ${below(trial.random, KEYS)}`;
    const data = trial.random() < 0.3 ? { op: 'delete', item: { id } } : { op: 'update', item: { id, value: n } };
    KEYED.apply(truth, data);
    return { channel: 'todos', data, key: `change ${n}` };
  });
  return (await deliver(messages, trial.servers, trial.random)).at(-1) as string;
}

function bySeq(a: string, b: string): number {
  return seqOf(a) - seqOf(b);
}
