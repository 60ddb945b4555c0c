/** Real servers for tests. */
export { freePort } from './free-port.js';
export { type NatsServer, type NatsServerOptions, startNats } from './nats.js';
export { type PostgresServer, type PostgresServerOptions, startPostgres } from './postgres.js';
export { type RedisServer, type RedisServerOptions, startRedis } from './redis.js';
