/** Row 8: a client comes back after retention has dropped what it lacks, while its channel goes on changing. */
import { Follower } from '../harness/follower.js';
import { type StateChannel, stateChannels, stateSetup } from '../harness/state-channel.js';
import { until } from '../harness/wait.js';
import { seqOf } from '../oracle/ledger.js';
import { describeState, Table } from '../oracle/table.js';
import { defineRow } from '../row.js';

export const trimmed = defineRow({
  name: 'trimmed',
  promise:
    'a client whose history was trimmed gets one reset, a snapshot, what followed it and the end of the repair, and then has the true state',
  short: { rounds: 4, changesEach: 120, retained: 50 },
  full: { rounds: 100, changesEach: 500, retained: 100 },
  async run(trial, { rounds, changesEach, retained }) {
    // A ring that reached back to the client's id would resume it, whatever the store has trimmed.
    const hub = { ringEvents: 16 };
    const retention = { count: retained, ageMs: false, bytes: false } as const;
    const server = await trial.serve({ store: trial.spec({ retention }), ...stateSetup(trial), hub });
    // The keyed one, where the store has items.
    const { name, reading, change, truth } = stateChannels(trial).at(-1) as StateChannel;
    const table = new Table(reading);
    let head = await change(1);
    let lastEventId = head;
    table.place = seqOf(head);
    for (let round = 0; round < rounds; round++) {
      await server.reaches(await change(changesEach));
      table.controls.length = 0;
      const follower = new Follower({
        url: () => server.stream([name]),
        lastEventId,
        onEvent: table.take,
        onControl: table.take,
      });
      // The repair meets a channel that does not stand still.
      head = await change(20);
      await until('the newest change', () => table.place >= seqOf(head));
      follower.close();
      lastEventId = follower.lastEventId;
      const reasons = follower.resets.map(({ reason }) => reason).join();
      if (reasons !== 'trimmed') throw new Error(`Resets: ${reasons || 'none'}, not one for 'trimmed'`);
      mustFollow(table.controls, ['sse.open', 'sse.reset', 'sse.snapshot']);
      const [got, wanted] = [describeState(table.state), await truth()];
      if (got !== wanted) throw new Error(`Round ${round}: the client has ${got}, not ${wanted}`);
    }
    return { rounds, changes: rounds * (changesEach + 20), retained, 'resets each': 1, 'wrong states': 0 };
  },
});

/** The repair may end with `sse.live` or with the snapshot itself. */
function mustFollow(controls: readonly string[], wanted: readonly string[]): void {
  const got = controls.filter((name) => name !== 'sse.live' && name !== 'sse.ping');
  if (got.join() !== wanted.join()) throw new Error(`Control events: ${controls}`);
}
