/** Row 14: what carries the news between the processes loses some of it. History has it all the same. */
import { defineRow } from '../row.js';
import type { LossyFeed } from '../stores/store.js';

const CHANNELS = ['a', 'b'];

export const lossyFeed = defineRow({
  name: 'lossy-feed',
  promise: 'a feed that loses one entry in a hundred costs nobody an event or a connection',
  needs: ['lossyFeed'],
  short: { messages: 1_500, perSecond: 1_000, clients: 5, lossPercent: 1 },
  full: { messages: 50_000, perSecond: 1_000, clients: 20, lossPercent: 1 },
  async run(trial, { messages, perSecond, clients, lossPercent }) {
    const { where = '' } = trial.service.spec;
    const proxy = (await trial.kind.openLossyFeed?.(where, () => trial.random() < lossPercent / 100)) as LossyFeed;
    trial.defer(() => proxy.close());
    const publishing = await trial.serve();
    const serving = await trial.serve({ store: trial.spec({ where: proxy.url }) });
    for (let i = 0; i < clients; i++) await trial.read({ channels: CHANNELS, url: () => serving.stream(CHANNELS) });
    await trial.publisher({ channels: CHANNELS, perSecond, total: messages, servers: [publishing] }).run();
    await trial.judge();
    trial.mustHaveNoReset();
    const losses = trial.readers.reduce((sum, { follower }) => sum + follower.losses, 0);
    if (losses > 0) throw new Error(`${losses} connections were lost`);
    if (proxy.dropped === 0) throw new Error('The proxy has left out nothing');
    const { errors } = await serving.stats();
    const epochs = new Set(trial.readers[0]?.diary.received.map(({ id }) => id.split('.')[0]));
    // An epoch for each loss would push old epochs, and with them the ids of clients that are away, out of the list.
    if (epochs.size !== 1) throw new Error(`${epochs.size} epochs: the store was connected to anew`);
    return {
      messages,
      clients,
      dropped: proxy.dropped,
      'errors reported': errors.length,
      epochs: epochs.size,
      disconnects: losses,
      resets: trial.resets,
    };
  },
});
