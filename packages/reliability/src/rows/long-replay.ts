/**
 * Row 7: history of any length flows over one connection, and a server that has done so before needs no more memory for it. Garbage
 * is collected when V8 sees fit. The first replay of a fresh process is told apart: it brings the heap to its working size.
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
    const server = await trial.serve();
    const before = (await server.stats()).memory;
    const first = await replay(server, idAt(0), entries);
    const second = await replay(server, idAt(0), entries);
    const growth = (second.most - first.most) / MIB;
    trial.atMost('the growth of memory in MiB', growth, 20);
    return {
      entries,
      'events/s': Math.round(entries / second.seconds),
      'idle MiB': Math.round(before / MIB),
      'peak MiB of the first': Math.round(first.most / MIB),
      'peak MiB of the second': Math.round(second.most / MIB),
      'growth MiB': Math.round(growth),
    };
  },
});

/** Follows from `lastEventId`, the id before everything, to the end; meanwhile the memory is watched. */
async function replay(server: Server, lastEventId: string, to: number) {
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
    most = Math.max(most, (await server.stats()).memory);
    await pause(LOOK_MS);
    return at >= to || fault !== undefined;
  };
  await until(() => `the end of history; at ${at}`, watch, 120_000);
  follower.close();
  if (fault ?? follower.opens.length !== 1) throw new Error(fault ?? `${follower.opens.length} connections`);
  return { seconds: (performance.now() - begun) / 1_000, most };
}
