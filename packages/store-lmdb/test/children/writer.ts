/** Appends with eight callers at a time until it is killed, or has appended so many; prints the seq of each entry once it is acknowledged. */
import { newEpoch } from '@headwater/core';
import { lmdbStore } from '../../src/index.js';

const [, , path = '', label = '', count = 'Infinity'] = process.argv;

const store = lmdbStore({ path, retention: { count: false, ageMs: false, bytes: false } });
const { head, epochs } = await store.startEpoch(newEpoch(Math.random));
const at = { epoch: epochs.findLast(({ start }) => start <= head)?.epoch ?? '', seq: head };

let next = 0;
const caller = async (channel: string) => {
  while (next < Number(count)) {
    const text = `${label} ${next++}`;
    const [appended] = await store.append([{ channel, body: Buffer.from(text), time: Date.now() }], at);
    process.stdout.write(`${appended?.seq} ${text}\n`);
  }
};
await Promise.all(['a', 'b', 'c', 'd', 'e', 'f', 'g', 'h'].map((name) => caller(`${label}-${name}`)));
await store.close();
