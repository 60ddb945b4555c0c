/** What a store demands of a server, and how it makes its schema there. */
import { once } from 'node:events';
import { readFileSync, writeFileSync } from 'node:fs';
import { type AddressInfo, createServer } from 'node:net';
import { join } from 'node:path';
import { Forwarder, startPostgres } from '@headwater/services';
import pg from 'pg';
import { afterAll, expect, onTestFinished, test } from 'vitest';
import { postgresStore, schemaSql } from '../src/index.js';
import { begin, openStore } from './kit.js';

const server = await startPostgres();
const admin = new pg.Pool({ connectionString: server.url });
admin.on('error', () => {});
afterAll(async () => {
  await admin.end();
  await server.stop();
});

/** A new database, with a role of its own that may only connect. */
async function newDatabase(): Promise<{
  owner: string;
  app: string;
  name: string;
  role: string;
  run: (sql: string) => Promise<unknown>;
}> {
  const name = `database${++databases}`;
  const role = `role${databases}`;
  await admin.query(`create database ${name}`);
  await admin.query(`create role ${role} login`);
  const owner = server.url.replace(/postgres$/, name);
  const run = async (sql: string) => {
    const client = new pg.Client({ connectionString: owner });
    await client.connect();
    await client.query(sql).finally(() => client.end());
  };
  return { owner, app: owner.replace('postgres@', `${role}@`), name, role, run };
}

let databases = 0;

function refusal(url: string, options: object = {}): Promise<unknown> {
  const store = postgresStore({ connectionString: url, onWarning: () => {}, ...options });
  onTestFinished(() => store.close());
  return store.state().then(
    () => 'accepted',
    (error: { code: string; message: string }) => `${error.code}: ${error.message}`,
  );
}

test('five stores that come to an empty database at once make one schema', async () => {
  const { owner } = await newDatabase();
  const stores = Array.from({ length: 5 }, () => openStore({ connectionString: owner }));
  await Promise.all(stores.map((store) => store.state()));
  const at = await begin(stores[0]!, 'e1');
  await Promise.all(stores.map((store, i) => store.append([{ channel: 'a', body: Buffer.from(`${i}`), time: 0 }], at)));
  expect(await Promise.all(stores.map(async (store) => (await store.state()).head))).toEqual([5, 5, 5, 5, 5]);
});

test('a schema of a newer version is refused, and left as it is', async () => {
  const { owner, run } = await newDatabase();
  await openStore({ connectionString: owner }).state();
  await run('update headwater.schema_version set version = 99');
  expect(await refusal(owner)).toMatch(/^ERR_SSE_STORE: .*version 99, and this package knows up to 1/);
  await run('update headwater.schema_version set version = 1');
  expect(await refusal(owner)).toBe('accepted');
});

test('a role without rights is told what to grant, and what it is told is enough', async () => {
  const { app, name, role, run } = await newDatabase();
  const first = (await refusal(app)) as string;
  expect(first).toContain(`ERR_SSE_STORE: Cannot use this PostgreSQL: the role "${role}" lacks rights`);
  expect(first).toContain(`grant create on database "${name}" to "${role}"`);
  await run(schemaSql());
  const second = (await refusal(app)) as string;
  expect(second).toContain(`the role "${role}" lacks rights`);
  await run(`grant usage on schema headwater to ${role}; grant select on all tables in schema headwater to ${role}`);
  const third = (await refusal(app)) as string;
  expect(third).toMatch(/may not (insert|update|delete) in headwater\./);
  await run(third.slice(third.indexOf('grant usage')));
  expect(await refusal(app)).toBe('accepted');
  const store = openStore({ connectionString: app });
  const at = await begin(store, 'e1');
  await store.append(
    [{ channel: 'a', body: Buffer.from('x'), time: Date.now(), key: 'k', item: { id: '1', json: '1' } }],
    at,
  );
  await store.saveSnapshot('a', { at, data: 'x', time: Date.now() });
  await store.sweep();
  // The right to make it is another way.
  const other = await newDatabase();
  await other.run(`grant create on database ${other.name} to ${other.role}`);
  expect(await refusal(other.app)).toBe('accepted');
});

test('the package’s headwater.sql is the schema that the store makes', () => {
  const file = new URL('../headwater.sql', import.meta.url);
  if (process.env.UPDATE_SQL) writeFileSync(file, schemaSql());
  expect(readFileSync(file, 'utf8')).toBe(schemaSql());
});

test('a schema of any name is made, and its notifications are its own', async () => {
  const { owner } = await newDatabase();
  const store = openStore({ connectionString: owner, schema: 'Of_The_App9' });
  const at = await begin(store, 'e1');
  expect(await store.append([{ channel: 'a', body: Buffer.from('x'), time: 0 }], at)).toEqual([
    { epoch: 'e1', seq: 1, duplicate: false },
  ]);
});

test('settings under which a log cannot be kept are refused', async () => {
  const { owner, name } = await newDatabase();
  await admin.query(`alter database ${name} set default_transaction_isolation = 'serializable'`);
  expect(await refusal(owner)).toMatch(/^ERR_SSE_STORE: .*default_transaction_isolation is "serializable"/);
  await admin.query(`alter database ${name} set default_transaction_isolation = 'read committed'`);
  await admin.query(`alter database ${name} set default_transaction_read_only = on`);
  expect(await refusal(owner)).toMatch(/^ERR_SSE_STORE: .*default_transaction_read_only is on/);
});

test('settings that may surprise are warned of, once', async () => {
  const { owner, name } = await newDatabase();
  await admin.query(`alter database ${name} set synchronous_commit = off`);
  const warnings: string[] = [];
  const store = openStore({ connectionString: owner, onWarning: (message) => warnings.push(message) });
  await store.state();
  const at = await begin(store, 'e1');
  await store.append([], at);
  expect(warnings.map((text) => text.split(':')[0])).toEqual([
    'PostgreSQL has synchronous_commit off',
    'PostgreSQL has fsync off',
  ]);
});

test('an older server is refused, with what to do', async () => {
  const version = (await server.psql('show server_version_num')).trim();
  const old = await Forwarder.to(server.port, (data) => data.toString('latin1').replace(version, '120022'));
  onTestFinished(() => old.close());
  const url = `postgres://postgres@127.0.0.1:${old.port}/postgres`;
  expect(await refusal(url)).toMatch(/^ERR_SSE_STORE: .*version 12, and version 13 is needed\. Upgrade it/);
});

test('a standby is refused', async () => {
  const standby = await startPostgres();
  onTestFinished(() => standby.stop());
  writeFileSync(join(standby.dir, 'data', 'standby.signal'), '');
  await standby.restart();
  expect(await refusal(standby.url)).toMatch(/^ERR_SSE_STORE: .*the server is a standby/);
});

test('a server that is not there, and a database that is not there, say so', async () => {
  expect(await refusal('postgres://postgres@127.0.0.1:1/postgres')).toMatch(/^ERR_SSE_STORE: .*ECONNREFUSED/);
  expect(await refusal(server.url.replace(/postgres$/, 'nowhere'))).toMatch(/^ERR_SSE_STORE: .*does not exist/);
});

test('a server that goes away while it is looked at fails the call, and not the process', async () => {
  // "AuthenticationOk" and "ReadyForQuery", and then the end.
  const hello = Buffer.from([0x52, 0, 0, 0, 8, 0, 0, 0, 0, 0x5a, 0, 0, 0, 5, 0x49]);
  const leaving = createServer((socket) => {
    socket.on('error', () => {});
    socket.once('data', () => {
      socket.write(hello);
      socket.once('data', () => socket.destroy());
    });
  });
  leaving.listen(0, '127.0.0.1');
  await once(leaving, 'listening');
  onTestFinished(() => void leaving.close());
  const { port } = leaving.address() as AddressInfo;
  expect(await refusal(`postgres://postgres@127.0.0.1:${port}/postgres`)).toMatch(/^ERR_SSE_STORE: .*terminated/);
});

test('what the store writes is durable also where the server would not wait for the disk', async () => {
  const { owner } = await newDatabase();
  await begin(openStore({ connectionString: owner }), 'e1');
  const client = new pg.Client({ connectionString: owner, options: '-c synchronous_commit=off' });
  await client.connect();
  onTestFinished(() => client.end());
  const setting = async () => (await client.query('show synchronous_commit')).rows;
  await client.query('begin');
  await client.query(`select head from headwater.append('headwater', null, null, 'x', 0, '{e1}', '{0}', '{a}', '{1}', '{1}', '{1}',
    '{1}', '{1}', '{0}', '{0}', '{1}', 'x', null, null, null)`);
  expect(await setting()).toEqual([{ synchronous_commit: 'on' }]);
  await client.query('commit');
  expect(await setting()).toEqual([{ synchronous_commit: 'off' }]);
});
