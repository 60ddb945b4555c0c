/** Row 35: hundreds of clients are reset while the state changes under them: one that the application provides, one that the store folds. */
import { Follower } from '../harness/follower.js';
import type { Server } from '../harness/server.js';
import { newest, type StateChannel, stateChannels, stateSetup } from '../harness/state-channel.js';
import { pause, until } from '../harness/wait.js';
import { seqOf } from '../oracle/ledger.js';
import { describeState, Table } from '../oracle/table.js';
import { defineRow } from '../row.js';

const SHARE_MS = 100;
const AT_ONCE = 10;
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
      ...stateSetup(trial),
      // A ring that reached back to the old id would resume it.
      hub: { ringEvents: 200 },
    });
    const channels = stateChannels(trial);
    const changeAll = (count: number) => Promise.all(channels.map(({ change }) => change(count)));
    const [old] = (await changeAll(1)) as [string];
    // Past what is retained, so that the old id is a reset.
    for (let n = 0; n < RETENTION.count + 100; n += 50) await server.reaches(newest(await changeAll(50)));
    const visits: Visit[] = [];
    trial.defer(() => visits.forEach(({ follower }) => void follower.close()));
    for (let changed = 0; changed < changes; changed += AT_ONCE) {
      while (visits.length < (clients * (changed + AT_ONCE)) / changes) {
        visits.push(visit(server, channels[visits.length % channels.length] as StateChannel, old));
      }
      await changeAll(AT_ONCE / channels.length);
      await pause(5);
    }
    const lasts = await changeAll(1);
    for (const [index, channel] of channels.entries()) {
      await mustEndTrue(
        channel,
        seqOf(lasts[index] as string),
        visits.filter((one) => one.channel === channel),
      );
    }
    const { providerCalls } = await server.stats();
    const span = (providerCalls.at(-1) ?? 0) - (providerCalls[0] ?? 0);
    // A call begins a little after it is decided on; over all of them that is one interval at most.
    const most = Math.floor(span / SHARE_MS) + 2;
    if (providerCalls.length > most)
      throw new Error(`The provider was asked ${providerCalls.length} times in ${span} ms`);
    return {
      clients,
      changes,
      head: seqOf(newest(lasts)),
      'provider calls': providerCalls.length,
      'in ms': Math.round(span),
      'wrong states': 0,
    };
  },
});

interface Visit {
  readonly channel: StateChannel;
  readonly table: Table;
  readonly follower: Follower;
}

/** Comes with an id whose history is gone. */
function visit(server: Server, channel: StateChannel, lastEventId: string): Visit {
  const table = new Table(channel.reading);
  const follower = new Follower({
    url: () => server.stream([channel.name]),
    lastEventId,
    onEvent: table.take,
    onControl: table.take,
  });
  return { channel, table, follower };
}

async function mustEndTrue({ name, truth }: StateChannel, head: number, visits: readonly Visit[]): Promise<void> {
  const wanted = await truth();
  for (const { table, follower } of visits) {
    await until('the last change', () => table.place >= head);
    follower.close();
    if (follower.resets.length === 0) throw new Error(`A client of ${name} was not reset`);
    if (describeState(table.state) !== wanted) throw new Error(`A client of ${name} ends with a wrong state`);
  }
}
