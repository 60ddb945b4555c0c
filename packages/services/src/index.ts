/** What the tests of several packages share, and what is no fake: real servers, and scripts as processes of their own. */
export { startApache } from './apache.js';
export { bundle, loadVite, SOURCES } from './bundle.js';
export { startCaddy } from './caddy.js';
export { contend, contest, contestant } from './contest.js';
export { findProgram } from './find.js';
export { Forwarder } from './forwarder.js';
export { freePort } from './free-port.js';
export { startHaproxy } from './haproxy.js';
export { type NatsServer, type NatsServerOptions, startNats } from './nats.js';
export { startNginx } from './nginx.js';
export { type PostgresServer, type PostgresServerOptions, startPostgres } from './postgres.js';
export { type PrometheusServer, type PrometheusServerOptions, promtool, startPrometheus } from './prometheus.js';
export type { ProxyOptions, ProxyServer } from './proxy.js';
export { type RedisServer, type RedisServerOptions, startRedis } from './redis.js';
export { until } from './until.js';
export { startVarnish } from './varnish.js';
