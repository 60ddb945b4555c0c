/** Row 38: the wall clock of the publishing processes jumps by hours. */
import { pick } from '../harness/random.js';
import { until } from '../harness/wait.js';
import { defineRow } from '../row.js';

const CHANNELS = ['a', 'b'];
const HOUR = 3_600_000;

export const clockJumps = defineRow({
  name: 'clock-jumps',
  promise: 'a wall clock that jumps by an hour, forth and back, changes neither order nor ids',
  short: { messages: 800, perSecond: 800, jumps: 8, clients: 5 },
  full: { messages: 20_000, perSecond: 1_000, jumps: 200, clients: 10 },
  async run(trial, { messages, perSecond, jumps, clients }) {
    await trial.serve();
    if (trial.kind.isShared) await trial.serve();
    for (let i = 0; i < clients; i++) await trial.read({ channels: CHANNELS, cutEvery: 200 + i });
    const publisher = trial.publisher({ channels: CHANNELS, perSecond, total: messages });
    const running = publisher.run();
    for (let jump = 1; jump <= jumps; jump++) {
      await until('the next share of messages', () => publisher.sent >= (messages * jump) / (jumps + 1));
      await pick(trial.random, trial.servers).call('setClock', pick(trial.random, [-HOUR, 0, HOUR]));
    }
    await running;
    await trial.judge();
    trial.mustHaveNoReset();
    return { messages, jumps, clients, resets: trial.resets };
  },
});
