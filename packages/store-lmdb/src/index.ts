/** The public surface of `@headwater/store-lmdb`. */
export type { LmdbStoreOptions } from './options.js';
export { type LmdbStore, lmdbStore } from './store.js';
