/** Row 28: a permission that is withdrawn while its client still reads history, in a process other than the one that withdraws it. */

import { quantile, rounded } from '../harness/figures.js';
import { fill } from '../harness/fill.js';
import { Follower } from '../harness/follower.js';
import { until } from '../harness/wait.js';
import type { Row, Size } from '../row.js';
import type { Trial } from '../trial.js';
import { openHub } from './author.js';
import { Governed } from './governed.js';
import { shared } from './needs.js';

export const revokeReplay: Row = {
  name: 'revoke-replay',
  promise: 'a revocation ends a replay in another process within a second, and the replay of another principal goes on',
  short: { history: 20_000, rounds: 2 },
  full: { history: 250_000, rounds: 20 },
  unfit: shared,
  run: async (trial, size) => run(trial, size),
};

async function run(trial: Trial, { history = 0, rounds = 0 }: Size) {
  const store = trial.spec();
  const idAt = await fill(store, 'a', history);
  const server = await Governed.start(trial, { framework: 'fastify', windowMs: 0, store });
  const hub = openHub(trial, {}, store);
  await hub.ready();
  const times: number[] = [];
  let unfinished = 0;
  for (let round = 0; round < rounds; round++) {
    const ann = follow(trial, server, 'ann', idAt(1));
    const bob = follow(trial, server, 'bob', idAt(1));
    await until('the replay to begin', () => ann.count > 0 && bob.count > 0);
    const begun = performance.now();
    await hub.revoke({ principal: 'ann' });
    await until("the end of ann's stream", () => ann.follower.losses > 0);
    ann.follower.close();
    times.push(ann.follower.heardAt - begun);
    if (ann.count < history - 1) unfinished++;
    const missing = () =>
      `the end of bob's history; he has ${bob.count}, resets: ${JSON.stringify(bob.follower.resets)}`;
    await until(missing, () => bob.count === history - 1, 30_000);
    if (bob.follower.losses > 0) throw new Error("bob's stream was ended");
    bob.follower.close();
  }
  const slowest = quantile(times, 1);
  trial.atMost('the last event after a revocation in ms', slowest, 1_000);
  return { history, rounds, 'cut within the replay': unfinished, 'last event max ms': rounded(slowest) };
}

function follow(trial: Trial, server: Governed, principal: string, lastEventId: string) {
  const state = {
    count: 0,
    follower: new Follower({
      url: () => server.stream(['a']),
      headers: { 'x-principal': principal },
      lastEventId,
      onEvent: () => {
        state.count++;
      },
    }),
  };
  trial.defer(() => state.follower.close());
  return state;
}
