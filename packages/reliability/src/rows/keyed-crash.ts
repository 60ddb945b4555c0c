/** A keyed channel's items and its entries are one transaction: they agree after any crash. */
import { deliver } from '../harness/deliver.js';
import { Follower } from '../harness/follower.js';
import { below } from '../harness/random.js';
import { pause, until } from '../harness/wait.js';
import { seqOf } from '../oracle/ledger.js';
import { type Change, describeState, KEYED, type State, Table } from '../oracle/table.js';
import { defineRow } from '../row.js';

const ITEMS = 30;

export const keyedCrash = defineRow({
  name: 'keyed-crash',
  promise: 'after a crash the items of a keyed channel are what its acknowledged operations have made of them',
  needs: ['durable', 'items'],
  short: { kills: 2, operations: 300 },
  full: { kills: 30, operations: 6_000 },
  async run(trial, { kills, operations }) {
    const server = await trial.serve({ keyed: ['todos'] });
    const done: { seq: number; change: Change }[] = [];
    for (let kill = 1; kill <= kills; kill++) {
      const target = (operations * kill) / kills;
      const lanes = Array.from({ length: 4 }, async () => {
        while (done.length < target) {
          const changes = Array.from({ length: 5 }, () => makeChange(trial.random));
          const messages = changes.map((data) => ({
            channel: 'todos',
            data,
            key: `operation ${trial.ledger.write('todos', trial.random, 0).n}`,
          }));
          const ids = await deliver(messages, trial.servers, trial.random);
          ids.forEach((id, index) => void done.push({ seq: seqOf(id), change: changes[index] as Change }));
        }
      });
      await until('half of the operations of this round', () => done.length > target - operations / kills / 2);
      await pause(trial.random() * 20);
      await server.kill();
      await server.restart();
      await Promise.all(lanes);
      await mustAgree(server.stream(['todos']), done);
    }
    return { kills, operations: done.length, items: ITEMS, 'wrong states': 0 };
  },
});

function makeChange(random: () => number): Change {
  const id = `item ${below(random, ITEMS)}`;
  return random() < 0.3 ? { op: 'delete', item: { id } } : { op: 'update', item: { id, value: below(random, 1e9) } };
}

/** What a client gets that knows nothing, beside what the operations make in the order of the log. */
async function mustAgree(url: string, done: readonly { seq: number; change: Change }[]): Promise<void> {
  const truth: State = new Map();
  for (const { change } of done.toSorted((a, b) => a.seq - b.seq)) KEYED.apply(truth, change);
  const table = new Table(KEYED);
  const follower = new Follower({ url: () => url, lastEventId: 'nothing', onEvent: table.take, onControl: table.take });
  const head = Math.max(...done.map(({ seq }) => seq));
  await until('the state', () => table.place >= head);
  follower.close();
  if (describeState(table.state) !== describeState(truth)) {
    throw new Error(`The items are ${describeState(table.state)}, not ${describeState(truth)}`);
  }
}
