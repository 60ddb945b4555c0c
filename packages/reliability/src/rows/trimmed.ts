/** Row 8: a client comes back after retention has dropped what it lacks, while its channel goes on changing. */
import { deliver } from '../harness/deliver.js';
import { Follower } from '../harness/follower.js';
import { until } from '../harness/wait.js';
import { seqOf } from '../oracle/ledger.js';
import { describeState, KEYED, type State, Table } from '../oracle/table.js';
import { defineRow } from '../row.js';
import type { Trial } from '../trial.js';

const ITEMS = 40;

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
    const server = await trial.serve({ store: trial.spec({ retention }), keyed: ['todos'], hub });
    const truth: State = new Map();
    const table = new Table(KEYED);
    let head = await change(trial, truth, 1);
    let lastEventId = head;
    table.place = seqOf(head);
    for (let round = 0; round < rounds; round++) {
      await change(trial, truth, changesEach);
      table.controls.length = 0;
      const follower = new Follower({
        url: () => server.stream(['todos']),
        lastEventId,
        onEvent: table.take,
        onControl: table.take,
      });
      // The repair meets a channel that does not stand still.
      head = await change(trial, truth, 20);
      await until('the newest change', () => table.place >= seqOf(head));
      follower.close();
      lastEventId = follower.lastEventId;
      const reasons = follower.resets.map(({ reason }) => reason).join();
      if (reasons !== 'trimmed') throw new Error(`Resets: ${reasons || 'none'}, not one for 'trimmed'`);
      mustFollow(table.controls, ['sse.open', 'sse.reset', 'sse.snapshot']);
      if (describeState(table.state) !== describeState(truth)) {
        throw new Error(`Round ${round}: the client has ${describeState(table.state)}, not ${describeState(truth)}`);
      }
    }
    return { rounds, changes: rounds * (changesEach + 20), retained, 'resets each': 1, 'wrong states': 0 };
  },
});

/** Publishes changes one after the other, so that the truth is known; resolves to the id of the last. */
async function change(trial: Trial, truth: State, count: number): Promise<string> {
  const messages = Array.from({ length: count }, () => {
    const { n } = trial.ledger.write('todos', trial.random, 0);
    const id = `item ${n % ITEMS}`;
    const op = truth.has(id) ? (trial.random() < 0.3 ? ('delete' as const) : ('update' as const)) : ('create' as const);
    const data = { op, item: op === 'delete' ? { id } : { id, value: n } };
    KEYED.apply(truth, data);
    return { channel: 'todos', data, key: `change ${n}` };
  });
  return (await deliver(messages, trial.servers, trial.random)).at(-1) as string;
}

/** The repair may end with `sse.live` or with the snapshot itself. */
function mustFollow(controls: readonly string[], wanted: readonly string[]): void {
  const got = controls.filter((name) => name !== 'sse.live' && name !== 'sse.ping');
  if (got.join() !== wanted.join()) throw new Error(`Control events: ${controls}`);
}
