/** Row 1: the server is killed, again and again, while messages flow; after each death it is another framework's turn. */
import { quantile, rounded } from '../harness/figures.js';
import type { Server } from '../harness/server.js';
import { pause, until } from '../harness/wait.js';
import { defineRow } from '../row.js';
import type { Reader, Trial } from '../trial.js';

const CHANNELS = ['a', 'b', 'c', 'd'];

export const killServer = defineRow({
  name: 'kill-server',
  promise: 'clients of a server that is killed again and again get everything exactly once, in order, without a reset',
  needs: ['durable'],
  short: { kills: 3, messages: 1_500, perSecond: 1_000, clients: 8 },
  full: { kills: 50, messages: 100_000, perSecond: 2_000, clients: 20 },
  async run(trial, { kills, messages, perSecond, clients }) {
    const server = await trial.serve();
    for (let i = 0; i < clients; i++) await trial.read({ channels: i % 2 === 0 ? CHANNELS : CHANNELS.slice(i % 3) });
    const publisher = trial.publisher({ channels: CHANNELS, perSecond, total: messages, giveUp: 0.1 });
    const running = publisher.run();
    const resumes: number[] = [];
    for (let kill = 1; kill <= kills; kill++) {
      await until('the next share of messages', () => publisher.sent >= (messages * kill) / (kills + 1), 60_000);
      resumes.push(...(await killOnce(trial, server, kill)));
    }
    await running;
    await trial.judge();
    trial.mustHaveNoReset();
    const slowest = quantile(resumes, 1);
    trial.atMost('the slowest resume in ms', slowest, 2_000);
    return {
      kills,
      clients,
      acknowledged: trial.ledger.acknowledged,
      'given up': publisher.abandoned,
      'lost answers': publisher.lostAnswers,
      resets: trial.resets,
      'resume p50 ms': rounded(quantile(resumes, 0.5)),
      'resume p99 ms': rounded(quantile(resumes, 0.99)),
      'resume max ms': rounded(slowest),
    };
  },
});

/** Milliseconds from the open port to each client's `sse.open`. */
async function killOnce(trial: Trial, server: Server, kill: number): Promise<number[]> {
  // Somewhere within a flush, a commit, an answer.
  await pause(trial.random() * 20);
  await server.kill();
  const before = trial.readers.map(({ follower }) => follower.opens.length);
  await server.restart({ framework: kill % 2 === 1 ? 'fastify' : 'express' });
  const isBack = ({ follower }: Reader, index: number) => follower.opens.length > (before[index] as number);
  await until('every client to be back', () => trial.readers.every(isBack));
  return trial.readers.map(
    ({ follower }, index) => (follower.opens[before[index] as number]?.at ?? 0) - server.listeningAt,
  );
}
