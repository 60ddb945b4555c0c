/** The options of `natsStore`, and what is made of them. */
import type { Clock, Retention, RetentionOptions } from '@headwater/core';
import { type Bounds, type Keeping, resolveRetention } from '@headwater/core/store-kit';
import type { NatsConnection, NodeConnectionOptions } from '@nats-io/transport-node';

/** How much history the log keeps, all channels together. What exceeds any of the bounds is trimmed, oldest first. */
export type NatsRetention = Retention;

/** Options of `natsStore`. By default the log keeps 100,000 entries, 24 hours and 1 GiB of bodies, all channels together. */
export interface NatsStoreOptions extends Omit<RetentionOptions, 'retention' | 'retentionOf'> {
  /** Where the servers are: `nats://host:4222`, or several of a cluster. Either this or `connection`. */
  readonly servers?: string | readonly string[] | undefined;
  /** Credentials, TLS and the like for the connection to `servers`. How it reconnects is the store's own business. */
  readonly connectionOptions?: NodeConnectionOptions | undefined;
  /** A connection of the application's own, which the store uses beside it and never closes. */
  readonly connection?: NatsConnection | undefined;
  /** Keeps several hubs in one account apart: 1 to 64 characters of `[A-Za-z0-9_-]`. Default `headwater`. */
  readonly name?: string | undefined;
  /** How many servers keep the log: 1 to 5, of which a majority has to be there. Default 1, or what the stream has already. */
  readonly replicas?: number | undefined;
  /** Where the servers keep it. `memory` loses everything with a restart. Default `file`. */
  readonly storage?: 'file' | 'memory' | undefined;
  /** Retention of the whole log; fields left out keep their defaults. */
  readonly retention?: Partial<NatsRetention> | undefined;
  /** Milliseconds after which a call that the server has not answered fails, and its connection is given up. Default 5,000. */
  readonly timeoutMs?: number | undefined;
  /** Told what is wrong with the configuration, once for each store. Default `process.emitWarning`. */
  readonly onWarning?: ((message: string) => void) | undefined;
  /** Overrides the server's time, for tests. */
  readonly clock?: Clock | undefined;
}

/** {@link NatsStoreOptions}, complete and checked. */
export interface NatsConfig extends Keeping {
  readonly servers: readonly string[] | undefined;
  readonly connectionOptions: NodeConnectionOptions;
  readonly connection: NatsConnection | undefined;
  readonly name: string;
  readonly replicas: number | undefined;
  readonly storage: 'file' | 'memory';
  readonly bounds: Bounds;
  readonly timeoutMs: number;
  readonly onWarning: (message: string) => void;
  readonly clock: Clock | undefined;
}

/** A night and a working day, and what an index of all entries in the memory of each process can bear. */
const RETENTION: Bounds = { count: 100_000, ageMs: 86_400_000, bytes: 2 ** 30 };

/** A server that takes longer than this is not there for whoever waits for an answer. */
const TIMEOUT_MS = 5_000;

const NAME = /^[A-Za-z0-9_-]{1,64}$/;

/** Checks and completes `options`. @throws TypeError, RangeError */
export function resolveOptions(options: NatsStoreOptions): NatsConfig {
  const { servers, connection, connectionOptions = {}, name = 'headwater', storage = 'file' } = options;
  const { onWarning, clock, replicas } = options;
  if ((servers === undefined) === (connection === undefined)) {
    throw new TypeError('natsStore needs either servers or a connection');
  }
  if (connection !== undefined && typeof (connection as { jetstream?: unknown } | null)?.jetstream === 'function') {
    throw new TypeError('connection must be one of @nats-io/transport-node, not of the package nats');
  }
  if (connection !== undefined && typeof connection?.request !== 'function') {
    throw new TypeError('connection must be a NatsConnection, as connect() of @nats-io/transport-node gives it');
  }
  if (connection !== undefined && options.connectionOptions !== undefined) {
    throw new TypeError('connectionOptions are for servers: the connection given has its own');
  }
  if ('retentionOf' in options && options.retentionOf !== undefined) {
    throw new TypeError('retentionOf is not supported: on NATS retention is that of the whole log');
  }
  if (typeof name !== 'string' || !NAME.test(name)) {
    throw new TypeError(`name must be 1 to 64 characters of [A-Za-z0-9_-], not ${JSON.stringify(name)}`);
  }
  if (storage !== 'file' && storage !== 'memory') {
    throw new TypeError(`storage must be 'file' or 'memory', not ${JSON.stringify(storage)}`);
  }
  if (onWarning !== undefined && typeof onWarning !== 'function') {
    throw new TypeError(`onWarning must be a function, not ${typeof onWarning}`);
  }
  const keeping = resolveRetention(options, RETENTION);
  return {
    ...keeping,
    servers: servers === undefined ? undefined : toServers(servers),
    connectionOptions,
    connection,
    name,
    replicas: replicas === undefined ? undefined : toCount('replicas', replicas, 5),
    storage,
    bounds: keeping.boundsOf(''),
    timeoutMs: toCount('timeoutMs', options.timeoutMs ?? TIMEOUT_MS, Number.MAX_SAFE_INTEGER),
    onWarning: onWarning ?? ((message) => process.emitWarning(message, 'HeadwaterWarning')),
    clock,
  };
}

function toServers(given: string | readonly string[]): readonly string[] {
  const servers = typeof given === 'string' ? [given] : given;
  if (!Array.isArray(servers) || servers.length === 0 || servers.some((one) => typeof one !== 'string' || one === '')) {
    throw new TypeError('servers must be an address such as nats://localhost:4222, or several of them');
  }
  return servers;
}

function toCount(name: string, given: number, most: number): number {
  if (typeof given !== 'number') throw new TypeError(`${name} must be a number, not ${typeof given}`);
  if (!Number.isSafeInteger(given) || given < 1 || given > most) {
    throw new RangeError(`${name} must be an integer of at least 1${most === 5 ? ' and at most 5' : ''}, not ${given}`);
  }
  return given;
}
