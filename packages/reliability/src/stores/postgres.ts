/** PostgreSQL: a database whose commits outlive its processes. Frozen, killed, restored while servers follow it. */
import { join } from 'node:path';
import { startPostgres } from '@headwater/services';
import { postgresStore } from '@headwater/store-postgres';
import pg from 'pg';
import { copiesOf, outagesOf } from './process.js';
import type { StoreKind, TransactionClient } from './store.js';

export const postgres: StoreKind = {
  name: 'postgres',
  isDurable: true,
  isShared: true,
  isEmbedded: false,
  hasItems: true,
  async start() {
    // Commits are written at once and flushed when the system likes: lost with the machine's power, not with the process.
    const server = await startPostgres();
    return {
      spec: { kind: 'postgres', where: server.url },
      outages: outagesOf(server),
      ...copiesOf(server, join(server.dir, 'data'), join(server.dir, 'copy')),
      wipe: () => server.psql(TRUNCATE).then(() => {}),
      stop: () => server.stop(),
    };
  },
  open: ({ where = '', retention, usesClock }, clock) =>
    postgresStore({
      connectionString: where,
      onWarning: () => {},
      ...(retention ? { retention } : {}),
      // Otherwise all time is the server's.
      ...(usesClock ? { clock } : {}),
    }),
  openClient: ({ where = '' }) => openClient(where),
};

/** Every table but the one that says which tables there are. */
const TRUNCATE = `do $$ begin
  execute (select 'truncate ' || string_agg(format('%I.%I', schemaname, tablename), ', ')
    from pg_tables where schemaname = 'headwater' and tablename <> 'schema_version');
end $$`;

/** Publishes by plain SQL, as a program in any language does. */
async function openClient(connectionString: string): Promise<TransactionClient> {
  const client = new pg.Client({ connectionString });
  await client.connect();
  return {
    begin: () => client.query('begin'),
    publish: ({ channel, data }) =>
      client.query('select headwater.sse_publish($1, $2, $3::text)', ['headwater', channel, data]),
    commit: () => client.query('commit'),
    rollback: () => client.query('rollback'),
    close: () => client.end(),
  };
}
