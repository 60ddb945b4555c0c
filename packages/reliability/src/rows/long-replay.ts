/**
 * Row 7: history of any length flows over one connection, and the server needs no more memory for it. What is in use is told apart
 * from garbage that V8 has not collected yet: how much it lets lie depends on the pace, not on the length.
 */
import { dataOf, fill } from '../harness/fill.js';
import { Follower } from '../harness/follower.js';
import type { Server } from '../harness/server.js';
import { pause, until } from '../harness/wait.js';
import { defineRow } from '../row.js';

const MIB = 2 ** 20;
const LOOK_MS = 100;

export const longReplay = defineRow({
  name: 'long-replay',
  promise:
    'a client far behind gets all of history over one connection, in order, while the server needs no more memory',
  needs: ['durable'],
  short: { entries: 10_000 },
  full: { entries: 250_000 },
  async run(trial, { entries }) {
    const idAt = await fill(trial.spec(), 'long', entries);
    const server = await trial.serve({}, ['--expose-gc']);
    const live = () => server.call<number>('liveMemory');
    const process = async () => (await server.stats()).memory;
    const before = { live: await live(), process: await process() };
    const first = await replay(server, idAt(0), entries, process);
    const second = await replay(server, idAt(0), entries, live);
    const growth = (second.most - before.live) / MIB;
    trial.atMost('the growth of memory in use in MiB', growth, 20);
    return {
      entries,
      'events/s': Math.round(entries / first.seconds),
      'growth MiB': Math.round(growth),
      'with garbage: idle MiB': Math.round(before.process / MIB),
      'peak MiB': Math.round(first.most / MIB),
    };
  },
});

/** Follows from `lastEventId`, the id before everything, to the end; meanwhile `memory` is looked at. */
async function replay(server: Server, lastEventId: string, to: number, memory: () => Promise<number>) {
  const begun = performance.now();
  let at = 0;
  let fault: string | undefined;
  let most = 0;
  const follower = new Follower({
    url: () => server.stream(['long']),
    lastEventId,
    onEvent: ({ data }) => {
      if (data !== dataOf(++at)) fault ??= `got ${data.slice(0, 20)} at ${at}`;
    },
  });
  const watch = async () => {
    most = Math.max(most, await memory());
    await pause(LOOK_MS);
    return at >= to || fault !== undefined;
  };
  await until(() => `the end of history; at ${at}`, watch, 120_000);
  follower.close();
  if (fault ?? follower.opens.length !== 1) throw new Error(fault ?? `${follower.opens.length} connections`);
  return { seconds: (performance.now() - begun) / 1_000, most };
}
