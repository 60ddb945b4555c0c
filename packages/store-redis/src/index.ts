/** The public surface of `@headwater/store-redis`. */
export type { IoRedisClient, NodeRedisClient, RedisClient } from './client.js';
export type { RedisStoreOptions } from './options.js';
export { type RedisStore, redisStore } from './redis-store.js';
