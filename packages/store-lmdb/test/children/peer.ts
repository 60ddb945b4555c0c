/** Writes so many entries with four callers while it tails, until it has seen `total` of all processes; prints what it saw. */
import { newEpoch } from '@headwater/core';
import { lmdbStore } from '../../src/index.js';

const [, , path = '', label = '', count = '', total = ''] = process.argv;

const store = lmdbStore({ path });
const { epochs } = await store.startEpoch(newEpoch(Math.random));
const from = { epoch: epochs[0]?.epoch ?? '', seq: 0 };
const lines: string[] = [];
// A store keeps no process alive.
const alive = setInterval(() => {}, 60_000);
const done = new Promise<void>((resolve, reject) => {
  void store.tail(from, {
    entries: (entries) => {
      for (const { seq, body } of entries) lines.push(`${seq} ${Buffer.from(body)}`);
      if (lines.length >= Number(total)) resolve();
    },
    lost: reject,
  });
});
let next = 0;
const caller = async () => {
  while (next < Number(count)) {
    await store.append([{ channel: label, body: Buffer.from(`${label}.${next++}`), time: Date.now() }], from);
  }
};
await Promise.all([caller(), caller(), caller(), caller()]);
await done;
console.log(lines.join('\n'));
await store.close();
clearInterval(alive);
