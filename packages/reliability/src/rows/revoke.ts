/** Row 28: a permission that is withdrawn in one process ends streams in the others, through the log. */
import { quantile, rounded } from '../harness/figures.js';
import { until } from '../harness/wait.js';
import { defineRow } from '../row.js';

export const revoke = defineRow({
  name: 'revoke',
  promise:
    'a revocation in one process ends the streams that it means in every other process within a second, and no others',
  needs: ['shared'],
  short: { rounds: 3, perSecond: 200 },
  full: { rounds: 50, perSecond: 1_000 },
  async run(trial, { rounds, perSecond }) {
    const [here, there] = [await trial.serve(), await trial.serve()];
    const publisher = trial.publisher({ channels: ['a'], perSecond, total: Number.MAX_SAFE_INTEGER });
    const url = () => there.stream(['a']);
    const ann = await trial.read({ channels: ['a'], url, headers: { 'x-principal': 'ann' } });
    const bob = await trial.read({ channels: ['a'], url, headers: { 'x-principal': 'bob' } });
    const running = publisher.run();
    const times: number[] = [];
    for (let round = 1; round <= rounds; round++) {
      const begun = performance.now();
      await here.call('revoke', { principal: 'ann' });
      await until("the end of ann's stream", () => ann.follower.losses === round);
      times.push(performance.now() - begun);
      await until('ann to be back', () => ann.follower.opens.length === round + 1);
    }
    publisher.stop();
    await running;
    await trial.judge();
    trial.mustHaveNoReset();
    const { closed } = await there.stats();
    if (bob.follower.losses > 0) throw new Error("bob's stream was ended");
    if (closed.revoked !== rounds) throw new Error(`Streams were ended as ${JSON.stringify(closed)}`);
    trial.atMost('the slowest revocation in ms', quantile(times, 1), 1_000);
    return {
      rounds,
      'p50 ms': rounded(quantile(times, 0.5)),
      'max ms': rounded(quantile(times, 1)),
      'others ended': 0,
    };
  },
});
