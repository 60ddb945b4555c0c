/** Row 2: a client process is killed after any byte, and goes on from what it had written down. */
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Child } from '../harness/child-process.js';
import { Relay } from '../harness/relay.js';
import { until } from '../harness/wait.js';
import { Diary } from '../oracle/diary.js';
import { mustBeExact } from '../oracle/judge.js';
import { type Ledger, seqOf } from '../oracle/ledger.js';
import { defineRow } from '../row.js';

const CHANNELS = ['a', 'b'];
const MOST_BYTES = 15_000;

export const killClient = defineRow({
  name: 'kill-client',
  promise:
    'a client that is killed after any byte and resumes from the id that it has kept misses nothing and applies nothing twice',
  short: { kills: 8, perSecond: 400 },
  full: { kills: 200, perSecond: 500 },
  async run(trial, { kills, perSecond }) {
    const server = await trial.serve();
    const relay = await Relay.to(server.port);
    trial.defer(() => relay.close());
    const folder = await mkdtemp(join(tmpdir(), 'headwater-client-'));
    trial.defer(() => rm(folder, { recursive: true }));
    const file = join(folder, 'applied');
    const url = server.stream(CHANNELS, '/from-the-start').replace(String(server.port), String(relay.port));
    const publisher = trial.publisher({ channels: CHANNELS, perSecond, total: Number.MAX_SAFE_INTEGER });
    const running = publisher.run();
    for (let kill = 0; kill < kills; kill++) {
      const [client] = await Child.start('client', { url, file });
      await relay.stopAfter(1 + Math.floor(trial.random() * MOST_BYTES));
      await client.kill();
      relay.reset();
    }
    const [last] = await Child.start('client', { url, file });
    trial.defer(() => last.kill());
    publisher.stop();
    await running;
    const head = trial.ledger.headOf(new Set(CHANNELS));
    await until('the client to reach the head', async () => (await readDiary(file, trial.ledger)).last >= head);
    const diary = await readDiary(file, trial.ledger);
    mustBeExact(trial.ledger, diary, { channels: CHANNELS }, 'the client');
    return { kills, applied: diary.received.length };
  },
});

async function readDiary(file: string, ledger: Ledger): Promise<Diary> {
  const diary = new Diary(ledger);
  const text = await readFile(file, 'utf8');
  for (const line of text.slice(0, text.lastIndexOf('\n') + 1).split('\n')) {
    const [id = '', n, digest = ''] = line.split(' ');
    if (id !== '' && seqOf(id) >= 0) diary.note(id, Number(n), digest);
  }
  return diary;
}
