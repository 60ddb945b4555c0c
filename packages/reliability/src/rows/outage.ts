/** Row 15: what the store depends on is away for a while: frozen, then dead. */
import { rounded } from '../harness/figures.js';
import type { Publisher } from '../harness/publisher.js';
import type { Server } from '../harness/server.js';
import { pause, until } from '../harness/wait.js';
import { defineRow } from '../row.js';
import type { Outage } from '../stores/store.js';

const CHANNELS = ['a', 'b'];

export const outage = defineRow({
  name: 'outage',
  promise:
    'while the store is away publishes are refused with a typed error, probes say so, streams stay, and everything acknowledged arrives afterwards',
  needs: ['server'],
  short: { seconds: 3, perSecond: 300, clients: 5 },
  full: { seconds: 60, perSecond: 1_000, clients: 20 },
  async run(trial, { seconds, perSecond, clients }) {
    const server = await trial.serve();
    for (let i = 0; i < clients; i++) await trial.read({ channels: CHANNELS });
    const figures: Record<string, number> = { seconds };
    for (const [name, away] of Object.entries(trial.service.outages)) {
      const publisher = trial.publisher({ channels: CHANNELS, perSecond, total: Number.MAX_SAFE_INTEGER });
      const running = publisher.run();
      const { notReadyMs, readyMs } = await goAway(server, away, publisher, seconds);
      publisher.stop();
      await running;
      await trial.judge();
      const untyped = [...publisher.refused.keys()].filter((code) => code !== 'ERR_SSE_STORE');
      if (untyped.length > 0) throw new Error(`${name}: publishes were refused with ${untyped}`);
      const { lostAnswers, lostBecause } = publisher;
      if (lostAnswers > 0) throw new Error(`${name}: ${lostAnswers} publishes were not answered: ${lostBecause}`);
      const refused = publisher.refused.get('ERR_SSE_STORE') ?? 0;
      if (refused === 0) throw new Error(`${name}: no publish was refused`);
      trial.atMost(`${name}: ms until not ready`, notReadyMs, 2_000);
      figures[`${name}: refused`] = refused;
      figures[`${name}: not ready ms`] = rounded(notReadyMs);
      figures[`${name}: ready again ms`] = rounded(readyMs);
    }
    trial.mustHaveNoReset();
    const losses = trial.readers.reduce((sum, { follower }) => sum + follower.losses, 0);
    if (losses > 0) throw new Error(`${losses} streams were lost`);
    return { ...figures, acknowledged: trial.ledger.acknowledged, 'streams lost': losses };
  },
});

async function goAway(server: Server, away: Outage, publisher: Publisher, seconds: number) {
  const before = publisher.sent;
  await until('the publisher to be under way', () => publisher.sent > before + 50);
  await away.begin();
  const begun = performance.now();
  await until('the server not to be ready', async () => (await server.ask('/ready')).status === 503);
  const notReadyMs = performance.now() - begun;
  while (performance.now() - begun < seconds * 1_000) {
    const { status } = await server.ask('/live');
    if (status !== 200) throw new Error(`/live answered ${status}`);
    await pause(200);
  }
  await away.end();
  const ended = performance.now();
  await server.ready();
  const readyMs = performance.now() - ended;
  const after = publisher.sent;
  await until('messages after the outage', () => publisher.sent > after + 50);
  return { notReadyMs, readyMs };
}
