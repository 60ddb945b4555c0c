/** What the tests share: a server, a client that looks behind the store's back, and copies of a log. */

import type { Entry, Position, Store } from '@headwater/core';
import { type PostgresServer, startPostgres } from '@headwater/services';
import pg from 'pg';
import { afterAll, onTestFinished } from 'vitest';
import { type PostgresStore, type PostgresStoreOptions, postgresStore } from '../src/index.js';

/** The server of a test file: its own, or the one of POSTGRES_URL where a database is all that is needed. */
export async function usePostgres(
  settings?: Record<string, string | number>,
): Promise<{ url: string; admin: pg.Pool }> {
  const given = settings ? undefined : process.env.POSTGRES_URL;
  const server: PostgresServer | undefined = given ? undefined : await startPostgres({ settings: { ...settings } });
  const url = given ?? (server as PostgresServer).url;
  const admin = new pg.Pool({ connectionString: url, max: 3, application_name: 'test' });
  admin.on('error', () => {});
  afterAll(async () => {
    await admin.end();
    await server?.stop();
  });
  return { url, admin };
}

/** A name that no log had before. */
export function newName(): string {
  return `test-${process.pid.toString(36)}-${Date.now().toString(36)}-${(++names).toString(36)}`;
}

let names = 0;

const TABLES = ['epochs', 'channels', 'entries', 'keys', 'items', 'snapshots', 'cursors'];

/** All that the server has of a log, as a replica that has got so far would: the name of the schema with the copy. */
export async function copyLog(admin: pg.Pool, name: string): Promise<string> {
  const copy = `copy_${++copies}`;
  await admin.query(`drop schema if exists ${copy} cascade; create schema ${copy};
    create table ${copy}.logs as select * from headwater.logs where name = '${name}'`);
  for (const table of TABLES) {
    await admin.query(`create table ${copy}.${table} as
      select * from headwater.${table} where log in (select id from ${copy}.logs)`);
  }
  return copy;
}

let copies = 0;

/** Puts the copy in the place of the log, in one step, and cuts everybody else off, as a failover does. */
export async function restoreLog(admin: pg.Pool, name: string, copy: string): Promise<void> {
  const steps = TABLES.map(
    (table) => `delete from headwater.${table} where log in (select id from headwater.logs where name = '${name}')`,
  );
  const back = TABLES.map((table) => `insert into headwater.${table} select * from ${copy}.${table}`);
  await admin.query(`begin;
    select from headwater.logs where name = '${name}' for update;
    ${steps.join(';\n')};
    delete from headwater.logs where name = '${name}';
    insert into headwater.logs overriding system value select * from ${copy}.logs;
    ${back.join(';\n')};
    commit;
    drop schema ${copy} cascade;
    select pg_terminate_backend(pid, 5000) from pg_stat_activity where application_name <> 'test' and backend_type = 'client backend'`);
}

export async function dropLog(admin: pg.Pool, name: string): Promise<void> {
  await admin.query(`with gone as (delete from headwater.logs where name = '${name}' returning id)
    ${TABLES.map((table) => `, from_${table} as (delete from headwater.${table} where log in (select id from gone))`).join('\n')}
    select from gone`);
}

/** A store that goes with its test. */
export function openStore(options: PostgresStoreOptions): PostgresStore {
  const store = postgresStore({ onWarning: () => {}, ...options });
  onTestFinished(() => store.close());
  return store;
}

/** Where the hub would stand. */
export async function begin(store: Store, epoch: string): Promise<Position> {
  const { head, epochs } = await store.startEpoch(epoch);
  return { epoch: epochs.findLast(({ start }) => start <= head)?.epoch ?? epoch, seq: head };
}

export function textOf({ body }: Pick<Entry, 'body'>): string {
  return Buffer.from(body).toString('utf8');
}
