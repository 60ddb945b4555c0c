/**
 * A process of its own at a log: publishes, follows the log until everybody's entries are there, and prints what it has seen.
 * Its clock is wrong by as much as it is told.
 */
import { newEpoch } from '@headwater/core';
import pg from 'pg';
import { postgresStore, publishIn } from '../../src/index.js';

const [connectionString = '', log = '', name = '', own = '', total = '', skew = ''] = process.argv.slice(2);

const now = Date.now;
Date.now = () => now() + Number(skew);

const store = postgresStore({ connectionString, name: log, onWarning: () => {} });
const state = await store.startEpoch(newEpoch());
const at = { epoch: state.epochs.findLast(({ start }) => start <= state.head)?.epoch ?? '', seq: state.head };

const seen: [seq: number, prev: number | undefined, text: string][] = [];
const done = new Promise<void>((resolve, reject) => {
  void store.tail(
    { epoch: state.epochs[0]?.epoch ?? '', seq: 0 },
    {
      entries: (entries) => {
        for (const { seq, prev, body } of entries) seen.push([seq, prev, Buffer.from(body).toString()]);
        if (seen.length >= Number(total)) resolve();
      },
      lost: reject,
    },
  );
});

const client = new pg.Client({ connectionString });
await client.connect();
const inTransactions = async () => {
  for (let i = 0; i < Number(own); i += 10) {
    await client.query('begin');
    for (let n = i; n < i + 10; n++)
      await publishIn(client, 'outbox', `${name} ${n}`, { name: log, key: `${name} ${n}` });
    await client.query(i % 50 === 40 ? 'rollback' : 'commit');
  }
};
const answers = Promise.all(
  Array.from({ length: Number(own) }, (_, i) =>
    store.append(
      [
        { channel: 'all', body: Buffer.from(`${name} ${i}`), time: Date.now() },
        { channel: 'once', body: Buffer.from(`${i}`), time: Date.now(), key: `${i}` },
      ],
      at,
    ),
  ),
);
await inTransactions();
const written = (await answers).flat().filter(({ duplicate }) => !duplicate).length;
await done;
console.log(JSON.stringify({ seen, written }));
await client.end();
await store.close();
