/** Row 18: each message is sent several times at once through several processes, one of which dies in between. */
import { deliver, type Keyed } from '../harness/deliver.js';
import { below } from '../harness/random.js';
import { until } from '../harness/wait.js';
import { seqOf } from '../oracle/ledger.js';
import { defineRow } from '../row.js';
import type { Trial } from '../trial.js';

const CHANNELS = ['a', 'b'];
const BATCH = 50;
const LANES = 8;
const MOST_COPIES = 5;

export const idempotent = defineRow({
  name: 'idempotent',
  promise:
    'a message that is published several times under one key, through whatever process, is stored once and has one id',
  needs: ['shared'],
  short: { messages: 1_000 },
  full: { messages: 100_000 },
  async run(trial, { messages }) {
    for (let i = 0; i < 3; i++) await trial.serve();
    const reader = await trial.read({ channels: CHANNELS });
    const from = seqOf(reader.follower.lastEventId);
    const lanes = Array.from({ length: LANES }, () => publishSome(trial, messages));
    const [, , dying] = trial.servers;
    await until('half of the messages', () => trial.ledger.acknowledged >= messages / 2, 300_000);
    await dying?.kill();
    await dying?.restart();
    const copies = (await Promise.all(lanes)).reduce((sum, sent) => sum + sent, 0);
    await trial.judge();
    const stored = seqOf((await (trial.servers[0] as (typeof trial.servers)[number]).stats()).head) - from;
    if (stored !== messages) throw new Error(`${messages} messages made ${stored} entries`);
    return { messages, publishes: copies, entries: stored };
  },
});

/** One lane: batch after batch, until all lanes together have written enough. Resolves to the publishes that it made. */
async function publishSome({ ledger, random, servers }: Trial, messages: number): Promise<number> {
  let copies = 0;
  while (ledger.written < messages) {
    const letters = Array.from({ length: Math.min(BATCH, messages - ledger.written) }, (_, n) =>
      ledger.write(CHANNELS[n % CHANNELS.length] as string, random),
    );
    const rounds: Keyed[][] = Array.from({ length: MOST_COPIES }, () => []);
    for (const { n, channel, data } of letters) {
      const times = 1 + below(random, MOST_COPIES);
      copies += times;
      for (const round of rounds.slice(0, times)) round.push({ channel, data, key: `letter ${n}` });
    }
    const ids = await Promise.all(rounds.map((round) => deliver(round, servers, random)));
    // The ledger refuses a second id for a letter.
    rounds.forEach((round, r) => {
      round.forEach(({ key }, i) => void ledger.acknowledge(Number(key.split(' ')[1]), ids[r]?.[i] as string));
    });
  }
  return copies;
}
