/** Row 17: two processes, one Express and one Fastify, whose clocks disagree; every reconnect leads to the other one. */
import { defineRow } from '../row.js';

const CHANNELS = ['a', 'b', 'c'];
const FIVE_MINUTES = 300_000;

export const failover = defineRow({
  name: 'failover',
  promise:
    'clients that hop between two processes at each reconnect miss nothing, though the clocks of the two are ten minutes apart',
  needs: ['shared'],
  short: { messages: 1_500, perSecond: 1_000, clients: 8, cutEvery: 150 },
  full: { messages: 50_000, perSecond: 2_000, clients: 16, cutEvery: 500 },
  async run(trial, { messages, perSecond, clients, cutEvery }) {
    await trial.serve({ framework: 'express', skewMs: FIVE_MINUTES });
    await trial.serve({ framework: 'fastify', skewMs: -FIVE_MINUTES });
    for (let i = 0; i < clients; i++) {
      const channels = i % 2 === 0 ? CHANNELS : CHANNELS.slice(i % 3);
      let hops = i;
      const url = () => (trial.servers[hops++ % 2] as (typeof trial.servers)[number]).stream(channels);
      await trial.read({ channels, url, cutEvery: cutEvery + i });
    }
    await trial.publisher({ channels: CHANNELS, perSecond, total: messages }).run();
    await trial.judge();
    trial.mustHaveNoReset();
    const hops = trial.readers.reduce((sum, { follower }) => sum + follower.opens.length - 1, 0);
    return { messages, clients, hops, resets: trial.resets };
  },
});
