/** The options of `postgresStore`, and what is made of them. */
import type { Clock, RetentionOptions } from '@headwater/core';
import { type Bounds, type Keeping, resolveRetention } from '@headwater/core/store-kit';
import type { Pool } from 'pg';

/** Options of `postgresStore`. Each channel keeps 10,000 entries, 24 hours and 32 MiB by default. */
export interface PostgresStoreOptions extends RetentionOptions {
  /** Where the database is: `postgres://user:password@host:5432/database`. The store makes a pool of its own. Either this or `pool`. */
  readonly connectionString?: string | undefined;
  /**
   * A `Pool` of the package `pg`. Calls go through it, and it is never closed; the connection on which the store hears of new
   * entries is another one, made with the pool's options. Transactions must be `read committed` by default, as PostgreSQL has it.
   */
  readonly pool?: Pool | undefined;
  /** Keeps several hubs in one schema apart: 1 to 64 characters of `[A-Za-z0-9_.-]`. Default `headwater`. */
  readonly name?: string | undefined;
  /** The schema with the tables, made where it is not there: 1 to 63 characters of `[A-Za-z0-9_]`. Default `headwater`. */
  readonly schema?: string | undefined;
  /** Connections of the store's own pool, where it has one. Default 4. */
  readonly maxConnections?: number | undefined;
  /** Milliseconds after which a call that the server has not answered fails. Default 5,000. */
  readonly timeoutMs?: number | undefined;
  /** Told what is wrong with the server's configuration, once for each store. Default `process.emitWarning`. */
  readonly onWarning?: ((message: string) => void) | undefined;
  /** Overrides the server's time, for tests. Without it all time is the server's, whatever the clocks of the processes say. */
  readonly clock?: Clock | undefined;
}

/** {@link PostgresStoreOptions}, complete and checked. */
export interface PostgresConfig extends Keeping {
  readonly connectionString: string | undefined;
  readonly pool: Pool | undefined;
  readonly name: string;
  readonly schema: string;
  readonly maxConnections: number;
  readonly timeoutMs: number;
  readonly onWarning: (message: string) => void;
  readonly clock: Clock | undefined;
}

/** A night and a working day; 3.3 KiB for each of the 10,000. */
const RETENTION: Bounds = { count: 10_000, ageMs: 86_400_000, bytes: 32 * 2 ** 20 };

/** A server that takes longer than this is not there for whoever waits for an answer. */
const TIMEOUT_MS = 5_000;

/** Appends use one at a time; the others are for readers. */
const MAX_CONNECTIONS = 4;

const NAME = /^[A-Za-z0-9_.-]{1,64}$/;
const SCHEMA = /^[A-Za-z0-9_]{1,63}$/;

/** Checks and completes `options`. @throws TypeError, RangeError */
export function resolveOptions(options: PostgresStoreOptions): PostgresConfig {
  const { connectionString, pool, onWarning, clock } = options;
  if ((connectionString === undefined) === (pool === undefined)) {
    throw new TypeError('postgresStore needs either a connectionString or a pool');
  }
  if (connectionString !== undefined && !/^postgres(ql)?:\/\//.test(connectionString)) {
    throw new TypeError('connectionString must begin with postgres:// or postgresql://');
  }
  if (pool !== undefined && (typeof pool?.query !== 'function' || typeof pool.options !== 'object')) {
    throw new TypeError('pool must be a Pool of the package pg');
  }
  if (onWarning !== undefined && typeof onWarning !== 'function') {
    throw new TypeError(`onWarning must be a function, not ${typeof onWarning}`);
  }
  return {
    ...resolveRetention(options, RETENTION),
    connectionString,
    pool,
    name: checkName(options.name),
    schema: checkSchema(options.schema),
    maxConnections: toCount('maxConnections', options.maxConnections, MAX_CONNECTIONS),
    timeoutMs: toCount('timeoutMs', options.timeoutMs, TIMEOUT_MS),
    onWarning: onWarning ?? ((message) => process.emitWarning(message, 'HeadwaterWarning')),
    clock,
  };
}

/** The name of a log. @throws TypeError */
export function checkName(name: string = 'headwater'): string {
  if (typeof name === 'string' && NAME.test(name)) return name;
  throw new TypeError(`name must be 1 to 64 characters of [A-Za-z0-9_.-], not ${JSON.stringify(name)}`);
}

/** @throws TypeError */
export function checkSchema(schema: string = 'headwater'): string {
  if (typeof schema === 'string' && SCHEMA.test(schema)) return schema;
  throw new TypeError(`schema must be 1 to 63 characters of [A-Za-z0-9_], not ${JSON.stringify(schema)}`);
}

function toCount(name: string, given: number | undefined, otherwise: number): number {
  if (given === undefined) return otherwise;
  if (typeof given !== 'number') throw new TypeError(`${name} must be a number, not ${typeof given}`);
  if (!Number.isSafeInteger(given) || given < 1)
    throw new RangeError(`${name} must be an integer of at least 1, not ${given}`);
  return given;
}
