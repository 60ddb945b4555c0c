/** A log of a million entries: what is read costs what is there to read, and not what the log has. */
import { until } from '@headwater/services';
import { expect, test } from 'vitest';
import { postgresStore } from '../src/index.js';
import { begin, newName, openStore, usePostgres } from './kit.js';

const { url, admin } = await usePostgres({ autovacuum: 'off' });

const MILLION = 1_000_000;

test('a log that grows from nothing goes by index also before PostgreSQL has any statistics of it', async () => {
  const name = newName();
  // Whoever makes the schema has scanned its tables.
  const first = openStore({ connectionString: url, name });
  const at = await begin(first, 'e1');
  await first.close();
  await until('its connections have ended', isAlone);
  const before = await workDone('entries', 'keys', 'items', 'channels');
  const store = postgresStore({ connectionString: url, name, onWarning: () => {} });
  let appended = 0;
  const append = async (count: number) => {
    const entries = Array.from({ length: count }, () => {
      const n = ++appended;
      const item = { id: `${n % 1_000}`, json: n % 7 === 0 ? undefined : `${n}` };
      return { channel: `c${n % 500}`, body: Buffer.from('x'), time: Date.now(), key: `${n}`, item };
    });
    await store.append(entries, at);
  };
  // Plans are made while there is nothing, and kept.
  for (let i = 0; i < 20; i++) await append(1);
  for (let i = 0; i < 20; i++) await append(500);
  for (let i = 0; i < 200; i++) await append(1);
  await store.close();
  await until('its connections have ended', isAlone);
  const after = await workDone('entries', 'keys', 'items', 'channels');
  expect(after.seq_scan).toBe(before.seq_scan);
  expect((after.idx_tup_read - before.idx_tup_read) / appended).toBeLessThan(20);
});

interface Work {
  readonly seq_scan: number;
  readonly idx_tup_read: number;
}

/** What PostgreSQL has done with these tables so far. Connections tell when they end. */
async function workDone(...tables: string[]): Promise<Work> {
  const { rows } = await admin.query<Work>(
    `
    select sum(t.seq_scan)::float8 as seq_scan, sum(i.read)::float8 as idx_tup_read
    from pg_stat_user_tables t,
      lateral (select sum(idx_tup_read) as read from pg_stat_user_indexes where relid = t.relid) i
    where t.schemaname = 'headwater' and t.relname = any($1)`,
    [tables],
  );
  return rows[0] as Work;
}

async function isAlone(): Promise<boolean> {
  const { rowCount } = await admin.query(
    `select from pg_stat_activity where backend_type = 'client backend' and application_name <> 'test'`,
  );
  return rowCount === 0;
}

test('a client of one channel, of many, or of all that comes back to a million entries costs a handful of rows', async () => {
  const name = newName();
  const retention = { count: false, ageMs: false, bytes: false } as const;
  const first = openStore({ connectionString: url, name, retention });
  await begin(first, 'e1');
  await first.close();
  // Made anew at once, an index takes less than entry by entry.
  await admin.query('drop index headwater.entries_of_channel');
  await admin.query(`
    insert into headwater.entries (log, seq, prev, time, channel, epoch, body)
    select l.id, i, greatest(0, i - 100), 0, 'c' || i % 100, 'e1', convert_to('data: ' || i || E'\\n', 'UTF8')
    from headwater.logs l, generate_series(1, ${MILLION}) i where l.name = '${name}'`);
  await admin.query(`
    insert into headwater.channels (log, name, last, floor, purged, count, bytes, touched, max_count, max_age, max_bytes)
    select log, channel, max(seq), 0, 0, count(*), sum(octet_length(body)), 0, 'Infinity', 'Infinity', 'Infinity'
    from headwater.entries where log = (select id from headwater.logs where name = '${name}') group by log, channel`);
  await admin.query(`update headwater.logs set head = ${MILLION} where name = '${name}'`);
  await admin.query('create index entries_of_channel on headwater.entries (log, channel, seq)');
  await admin.query('vacuum analyze headwater.entries');
  const channels = Array.from({ length: 100 }, (_, i) => `c${i}`);
  const before = await workDone('entries');
  const reads: [after: number, channels: string[] | undefined, limit: number, expected: number][] = [
    [MILLION - 3, ['c99'], 256, 1],
    [MILLION - 3, channels, 256, 3],
    [MILLION - 3, undefined, 256, 3],
    [MILLION - 301, ['c99', 'c98'], 256, 6],
    [0, ['c7'], 10, 10],
    [MILLION / 2, undefined, 10, 10],
    [MILLION - 3, ['unknown'], 256, 0],
  ];
  const store = postgresStore({ connectionString: url, name, retention, onWarning: () => {} });
  const times: number[] = [];
  for (let round = 0; round < 20; round++) {
    for (const [after, names, limit, expected] of reads) {
      const begun = performance.now();
      const page = await store.read(after, names, limit);
      times.push(performance.now() - begun);
      expect(page.entries.length).toBe(expected);
      expect(page.entries.every(({ seq }) => seq > after)).toBe(true);
    }
  }
  await store.close();
  await until('its connections have ended', isAlone);
  const after = await workDone('entries');
  expect(after.seq_scan).toBe(before.seq_scan);
  expect((after.idx_tup_read - before.idx_tup_read) / times.length).toBeLessThan(100);
  times.sort((a, b) => a - b);
  expect(times[Math.floor(times.length / 2)]).toBeLessThan(25);
}, 120_000);
