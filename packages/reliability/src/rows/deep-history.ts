/** Row 6: resuming near the head costs the same, however much history there is below. */
import { quantile, rounded } from '../harness/figures.js';
import { dataOf, fill } from '../harness/fill.js';
import { Follower } from '../harness/follower.js';
import { until } from '../harness/wait.js';
import { defineRow } from '../row.js';

const BEHIND = 3;

export const deepHistory = defineRow({
  name: 'deep-history',
  promise:
    'a client three messages behind gets these three and does not wait for the history below them to be looked through',
  needs: ['durable'],
  short: { entries: 10_000, resumes: 20 },
  full: { entries: 1_000_000, resumes: 500 },
  async run(trial, { entries, resumes }) {
    const idAt = await fill(trial.spec(), 'deep', entries);
    // Almost no ring: every resume is the store's to answer.
    const server = await trial.serve({ hub: { ringEvents: 1 } });
    const times: number[] = [];
    for (let i = 0; i < resumes; i++) {
      const begun = performance.now();
      const received: string[] = [];
      const follower = new Follower({
        url: () => server.stream(['deep']),
        lastEventId: idAt(entries - BEHIND),
        onEvent: ({ data }) => {
          if (received.push(data) === BEHIND) times.push(performance.now() - begun);
        },
      });
      await until('the last messages', () => times.length > i);
      follower.close();
      const wanted = Array.from({ length: BEHIND }, (_, n) => dataOf(entries - BEHIND + 1 + n));
      if (received.join() !== wanted.join() || follower.resets.length > 0) throw new Error(`Got ${received}`);
    }
    const slow = quantile(times, 0.99);
    trial.atMost('the 99th percentile of resumes in ms', slow, 20);
    return { entries, resumes, 'p50 ms': rounded(quantile(times, 0.5)), 'p99 ms': rounded(slow) };
  },
});
