/** Row 13: a client changes its set of channels between two connections. An id is a place for all channels, so it is one for the new ones too. */
import { some } from '../harness/random.js';
import { until } from '../harness/wait.js';
import { mustBeExact } from '../oracle/judge.js';
import { seqOf } from '../oracle/ledger.js';
import { defineRow } from '../row.js';
import type { Reader } from '../trial.js';

const CHANNELS = ['a', 'b', 'c', 'd', 'e', 'f'];

export const changedChannels = defineRow({
  name: 'changed-channels',
  promise: 'a client that comes back for other channels gets, of each, exactly what came after its id',
  short: { changes: 6, perSecond: 1_000, clients: 3, eventsEach: 30 },
  full: { changes: 200, perSecond: 1_500, clients: 5, eventsEach: 100 },
  async run(trial, { changes, perSecond, clients, eventsEach }) {
    await trial.serve();
    const publisher = trial.publisher({ channels: CHANNELS, perSecond, total: Number.MAX_SAFE_INTEGER });
    const places = Array.from({ length: clients }, () => '');
    const stretches: { reader: Reader; after: number; upTo: number }[] = [];
    await Promise.all(
      places.map(async (_, client) => {
        places[client] = (await trial.read({ channels: CHANNELS })).follower.lastEventId;
      }),
    );
    for (const { follower } of trial.readers.splice(0)) follower.close();
    const running = publisher.run();
    for (let change = 0; change < changes; change++) {
      await Promise.all(
        places.map(async (lastEventId, client) => {
          const reader = await trial.read({ channels: some(trial.random, CHANNELS), lastEventId });
          await until('some events', () => reader.diary.received.length >= eventsEach);
          reader.follower.close();
          places[client] = reader.follower.lastEventId;
          stretches.push({ reader, after: seqOf(lastEventId), upTo: seqOf(reader.follower.lastEventId) });
        }),
      );
    }
    publisher.stop();
    await running;
    for (const { reader, after, upTo } of stretches) {
      mustBeExact(trial.ledger, reader.diary, { channels: reader.channels, after, upTo }, reader.name);
    }
    trial.mustHaveNoReset();
    return { changes: changes * clients, letters: trial.ledger.acknowledged, resets: trial.resets };
  },
});
