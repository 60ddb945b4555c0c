/** Real servers for tests. */
export { type PostgresServer, type PostgresServerOptions, startPostgres } from './postgres.js';
export { type RedisServer, type RedisServerOptions, startRedis } from './redis.js';
