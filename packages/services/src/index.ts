/** What the tests of several packages share, and what is no fake: real servers, and scripts as processes of their own. */
export { bundle, loadVite, SOURCES } from './bundle.js';
export { freePort } from './free-port.js';
export { type NatsServer, type NatsServerOptions, startNats } from './nats.js';
export { type PostgresServer, type PostgresServerOptions, startPostgres } from './postgres.js';
export { type RedisServer, type RedisServerOptions, startRedis } from './redis.js';
