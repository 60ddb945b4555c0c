/** A process that keeps a log: it says so, and then does what a store does by itself until it is killed. */
import { newEpoch } from '@headwater/core';
import { postgresStore } from '../../src/index.js';

const [connectionString = '', log = ''] = process.argv.slice(2);

const store = postgresStore({ connectionString, name: log, onWarning: () => {} });
const { head, epochs } = await store.startEpoch(newEpoch());
await store.tail(
  { epoch: epochs.findLast(({ start }) => start <= head)?.epoch ?? '', seq: head },
  {
    entries: (entries) => console.log(entries.length),
    lost: () => process.exit(1),
  },
);
console.log('ready');
