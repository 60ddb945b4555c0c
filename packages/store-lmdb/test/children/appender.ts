/** Appends each line of its input, and says so once it is stored. */
import { createInterface } from 'node:readline';
import { newEpoch } from '@headwater/core';
import { lmdbStore } from '../../src/index.js';

const store = lmdbStore({ path: process.argv[2] as string });
const { head, epochs } = await store.startEpoch(newEpoch(Math.random));
const at = { epoch: epochs.findLast(({ start }) => start <= head)?.epoch ?? '', seq: head };
console.log('ready');
for await (const line of createInterface({ input: process.stdin })) {
  await store.append([{ channel: 'a', body: Buffer.from(line), time: Date.now() }], at);
  console.log(`stored ${line}`);
}
await store.close();
