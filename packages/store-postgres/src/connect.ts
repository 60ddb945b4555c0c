/** Connections: the pool that calls go through, and how the listening connection is made like those of the pool. */
import pg, { type Client, type Pool } from 'pg';
import type { PostgresConfig } from './options.js';

/** The pool that was given, or one of the store's own. */
export function poolOf({ pool, connectionString, maxConnections, timeoutMs }: PostgresConfig): Pool {
  if (pool) return pool;
  return new pg.Pool({
    connectionString,
    max: maxConnections,
    application_name: 'headwater',
    keepAlive: true,
    connectionTimeoutMillis: timeoutMs,
    // A statement that its caller has given up must not hold a lock for long.
    statement_timeout: 2 * timeoutMs,
  });
}

/** Makes connections like those of the pool. They are not of it: one that is kept for good would be missing there. */
export function connectorOf(pool: Pool): () => Client {
  // `pg` takes the class from there too, where an application has put another one.
  const { Client: Given } = pool as { Client?: typeof pg.Client };
  const Made = Given ?? pg.Client;
  return () => new Made(pool.options);
}
