/** Row 16: transactions of the application's own commit in another order than they published in, one of them much later than all others. */
import { quantile, rounded } from '../harness/figures.js';
import { pick } from '../harness/random.js';
import type { Server } from '../harness/server.js';
import { until } from '../harness/wait.js';
import type { Letter } from '../oracle/ledger.js';
import { defineRow } from '../row.js';
import type { TransactionClient } from '../stores/store.js';
import type { Trial } from '../trial.js';

const CHANNELS = ['a', 'b'];

export const commitOrder = defineRow({
  name: 'commit-order',
  promise:
    'of two transactions the one that published first commits last, with readers between: nobody skips anything; one that stays open delays no other publisher',
  needs: ['transactions'],
  short: { seconds: 1, clients: 4 },
  full: { seconds: 30, clients: 16 },
  async run(trial, { seconds, clients }) {
    await trial.serve();
    await trial.serve();
    for (let i = 0; i < clients; i++) {
      // Each reconnect is to the other process, with a place that may lie between the two transactions.
      let hops = i;
      const url = () => (trial.servers[hops++ % 2] as Server).stream(CHANNELS);
      await trial.read({ channels: CHANNELS, url, cutEvery: 1 + (i % 5) });
    }
    const [open, slow, quick] = [await openClient(trial), await openClient(trial), await openClient(trial)];
    const committed: Letter[] = [];
    const times: number[] = [];
    const commit = async (client: TransactionClient, letter: Letter) => {
      const begun = performance.now();
      await client.commit();
      committed.push(letter);
      await mustReachAll(trial, letter);
      times.push(performance.now() - begun);
    };
    const late = await begin(trial, open);
    const begun = performance.now();
    while (performance.now() - begun < seconds * 1_000) {
      await begin(trial, quick);
      await quick.rollback();
      const first = await begin(trial, slow);
      const second = await begin(trial, quick);
      await commit(quick, second);
      await commit(slow, first);
      await trial.publish(1, CHANNELS, pick(trial.random, trial.servers));
    }
    const openMs = performance.now() - begun;
    const others = trial.ledger.acknowledged + committed.length;
    await commit(open, late);
    await readIds(trial, committed);
    await trial.judge();
    trial.mustHaveNoReset();
    const slowest = quantile(times, 1);
    trial.atMost('the slowest way of a commit to all clients in ms', slowest, 1_000);
    return {
      'one open for s': rounded(openMs / 1_000),
      'others meanwhile': others,
      inversions: committed.length - 1,
      clients,
      reconnects: trial.readers.reduce((sum, { follower }) => sum + follower.opens.length - 1, 0),
      'commit to all p50 ms': rounded(quantile(times, 0.5)),
      'max ms': rounded(slowest),
    };
  },
});

async function openClient(trial: Trial): Promise<TransactionClient> {
  const client = (await trial.kind.openClient?.(trial.spec())) as TransactionClient;
  trial.defer(() => client.close());
  return client;
}

/** Publishes a letter in a transaction that stays open. */
async function begin({ ledger, random }: Trial, client: TransactionClient): Promise<Letter> {
  const letter = ledger.write(pick(random, CHANNELS), random);
  await client.begin();
  await client.publish(letter);
  return letter;
}

async function mustReachAll({ readers }: Trial, { n }: Letter): Promise<void> {
  await until(
    () => `letter ${n} to reach every client`,
    () => readers.every(({ diary }) => diary.received.some((one) => one.n === n)),
  );
}

/** Nobody was told the ids of what transactions published: they are read from the log, which must hold these letters and no others. */
async function readIds(trial: Trial, committed: readonly Letter[]): Promise<void> {
  const [server] = trial.servers as [Server];
  const total = trial.ledger.acknowledged + committed.length;
  const { diary } = await trial.read({ channels: CHANNELS, url: () => server.stream(CHANNELS, '/from-the-start') });
  await until('the whole log', () => diary.received.length >= total);
  const ids = new Map(diary.received.map(({ n, id }) => [n, id]));
  for (const { n } of committed) {
    const id = ids.get(n);
    if (id === undefined) throw new Error(`Letter ${n} was committed and is not in the log`);
    trial.ledger.acknowledge(n, id);
  }
  if (diary.received.length > total) throw new Error('The log holds what was rolled back');
}
