/**
 * The check of a server, and its schema: made where it is not there, brought up to date where it is older.
 * Invariant: however many processes do this at once, and of whatever versions, each finds the schema that it knows or says why not.
 */
import { SseError } from '@headwater/core';
import type { ClientBase } from 'pg';
import { codeOf } from './failure.js';
import { migrationFrom, quoteName, SCHEMA_VERSION } from './schema/index.js';

const OLDEST = 13;

/** @throws SseError `ERR_SSE_STORE` where the server cannot keep a log. */
export async function checkServer(client: ClientBase, schema: string, warn: (message: string) => void): Promise<void> {
  await checkSettings(client, warn);
  const role = await client.query<{ role: string; db: string }>(
    'select current_user as role, current_database() as db',
  );
  const { role: user, db } = role.rows[0] as { role: string; db: string };
  try {
    await migrate(client, schema);
    await checkRights(client, schema, user);
  } catch (error) {
    if (codeOf(error) !== '42501') throw error;
    throw refused(
      `the role "${user}" lacks rights (${(error as Error).message}). Let it make the schema: grant create on database ` +
        `${quoteName(db)} to ${quoteName(user)}; or make it with headwater.sql and ${grants(schema, user)}`,
      error,
    );
  }
}

async function checkSettings(client: ClientBase, warn: (message: string) => void): Promise<void> {
  const { rows } = await client.query<Record<string, string>>(
    `select current_setting('server_version_num') as version, pg_is_in_recovery()::text as standby,
      current_setting('default_transaction_isolation') as isolation, current_setting('default_transaction_read_only') as read_only,
      current_setting('synchronous_commit') as synchronous_commit, current_setting('fsync') as fsync`,
  );
  const { version, standby, isolation, read_only, synchronous_commit, fsync } = rows[0] as Record<string, string>;
  const major = Math.floor(Number(version) / 10_000);
  if (major < OLDEST) throw refused(`the server is version ${major}, and version ${OLDEST} is needed. Upgrade it`);
  if (standby === 'true') throw refused('the server is a standby. Connect to its primary');
  if (read_only === 'on') throw refused('default_transaction_read_only is on. Set it to off for the role of the store');
  if (isolation !== 'read committed') {
    throw refused(
      `default_transaction_isolation is "${isolation}". Set it to "read committed" for the role or the pool of the store`,
    );
  }
  if (synchronous_commit === 'off') {
    warn(
      'PostgreSQL has synchronous_commit off: the store sets it on for its own transactions, but what others publish within theirs may be lost in a crash',
    );
  }
  if (fsync === 'off') warn('PostgreSQL has fsync off: a loss of power may destroy the database');
}

async function migrate(client: ClientBase, schema: string): Promise<void> {
  if ((await versionOf(client, schema)) === SCHEMA_VERSION) return;
  await client.query('begin');
  try {
    // One process at a time; the others find it done.
    await client.query("select pg_advisory_xact_lock(hashtext('headwater'), hashtext($1))", [schema]);
    const version = await versionOf(client, schema);
    if (version > SCHEMA_VERSION) {
      throw refused(
        `the schema "${schema}" has version ${version}, and this package knows up to ${SCHEMA_VERSION}. Use the package that made it, or another schema`,
      );
    }
    if (version < SCHEMA_VERSION) await client.query(migrationFrom(version, schema));
    await client.query('commit');
  } catch (error) {
    await client.query('rollback').catch(() => {});
    throw error;
  }
}

/** 0 where there is none. */
async function versionOf(client: ClientBase, schema: string): Promise<number> {
  // Looked up in the catalog itself: what a name was resolved to before the lock was waited for is remembered until the transaction ends.
  const found = await client.query(
    "select from pg_class c join pg_namespace n on n.oid = c.relnamespace where n.nspname = $1 and c.relname = 'schema_version'",
    [schema],
  );
  if (found.rowCount === 0) return 0;
  const { rows } = await client.query<{ version: number }>(`select version from ${quoteName(schema)}.schema_version`);
  return Number(rows[0]?.version ?? 0);
}

async function checkRights(client: ClientBase, schema: string, user: string): Promise<void> {
  const { rows } = await client.query<{ name: string; lacking: string }>(
    `select c.relname as name, r as lacking from pg_class c, unnest(array['select', 'insert', 'update', 'delete']) r
    where c.relnamespace = $1::regnamespace and c.relkind = 'r' and c.relname <> 'schema_version' and not has_table_privilege(c.oid, r)
    limit 1`,
    [quoteName(schema)],
  );
  if (!rows[0]) return;
  const { name, lacking } = rows[0];
  throw refused(`the role "${user}" may not ${lacking} in ${schema}.${name}: ${grants(schema, user)}`);
}

function grants(schema: string, user: string): string {
  const [to, of] = [quoteName(user), quoteName(schema)];
  return `grant usage on schema ${of} to ${to}; grant select, insert, update, delete on all tables in schema ${of} to ${to}`;
}

function refused(why: string, cause?: unknown): SseError {
  return new SseError('ERR_SSE_STORE', `Cannot use this PostgreSQL: ${why}`, { statusCode: 503, cause });
}
