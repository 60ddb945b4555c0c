/** Row 12: one id for sixty-four channels of very different pace. */
import { some } from '../harness/random.js';
import { defineRow } from '../row.js';

const CHANNELS = Array.from({ length: 64 }, (_, n) => `channel-${n}`);
/** The first channel gets most, the last next to nothing. */
const UNEVEN = CHANNELS.flatMap((channel, n) => Array.from({ length: Math.ceil(64 / (n + 1)) }, () => channel));
const MOST_ID_BYTES = 40;

export const manyChannels = defineRow({
  name: 'many-channels',
  promise: 'a cursor over 64 channels of uneven pace stays exact over every reconnect, in an id of at most 40 bytes',
  short: { messages: 2_000, perSecond: 1_500, clients: 4, cutEvery: 100 },
  full: { messages: 100_000, perSecond: 2_500, clients: 8, cutEvery: 500 },
  async run(trial, { messages, perSecond, clients, cutEvery }) {
    await trial.serve();
    for (let i = 0; i < clients; i++) {
      await trial.read({ channels: i === 0 ? CHANNELS : some(trial.random, CHANNELS), cutEvery });
    }
    await trial.publisher({ channels: UNEVEN, perSecond, total: messages }).run();
    await trial.judge();
    trial.mustHaveNoReset();
    const longest = Math.max(
      ...trial.readers.flatMap(({ diary }) => [...new Set(diary.received.map(({ id }) => id.length))]),
    );
    if (longest > MOST_ID_BYTES) throw new Error(`An id of ${longest} bytes`);
    const reconnects = trial.readers.reduce((sum, { follower }) => sum + follower.opens.length - 1, 0);
    return { messages, clients, reconnects, 'longest id': longest, resets: trial.resets };
  },
});
