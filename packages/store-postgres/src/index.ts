/** The public surface of `@headwater/store-postgres`. */
export type { PostgresStoreOptions } from './options.js';
export { type PostgresStore, postgresStore } from './postgres-store.js';
export { type PublishInOptions, publishIn, type TransactionClient } from './publish-in.js';
export { schemaSql } from './schema/index.js';
