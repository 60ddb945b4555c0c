/** A contestant, see `contest`, that also publishes within transactions: ten events each, and one transaction of five is rolled back. */
import { contend, contestant } from '@headwater/services';
import pg from 'pg';
import { postgresStore, publishIn } from '../../src/index.js';

const own = contestant();
const { url: connectionString, log, name } = own;

const client = new pg.Client({ connectionString });
await client.connect();
await contend(postgresStore({ connectionString, name: log, onWarning: () => {} }), own, async () => {
  for (let i = 0; i < own.own; i += 10) {
    await client.query('begin');
    for (let n = i; n < i + 10; n++)
      await publishIn(client, 'outbox', `${name} ${n}`, { name: log, key: `${name} ${n}` });
    await client.query(i % 50 === 40 ? 'rollback' : 'commit');
  }
});
await client.end();
