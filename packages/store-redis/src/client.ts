/** Clients: what the store needs of node-redis and of ioredis, and how a connection of its own is made from either. */
import { SseError } from '@headwater/core';
import type { RedisConfig } from './options.js';

/** A client of the package `redis`: what `createClient()` gives. */
export interface NodeRedisClient {
  duplicate(overrides?: object): unknown;
  sendCommand(args: string[]): Promise<unknown>;
}

/** A client of the package `ioredis`: a `Redis`, also one of a Sentinel, or a `Cluster`. */
export interface IoRedisClient {
  duplicate(...overrides: never[]): unknown;
  callBuffer(command: string, ...args: string[]): Promise<unknown>;
}

export type RedisClient = NodeRedisClient | IoRedisClient;

export type Argument = string | Buffer;

/** One connection, made once: it does not reconnect, queue, or send anything again. */
export interface Connection {
  /** Settles once it is made, or cannot be. */
  readonly opened: Promise<unknown>;
  /** Sends one command, after those before it. Strings come back as Buffers. Rejects with what the server says. */
  send(args: readonly Argument[]): Promise<unknown>;
  /** Ends it at once, whatever is under way. */
  destroy(): void;
}

/** Begins a connection; `lost` is called, at least once, where it ends by itself. */
export type Connector = (lost: (error: Error) => void) => Promise<Connection>;

/** How connections are made by these options. The packages are loaded with the first one. */
export function connectorOf({ client, url }: RedisConfig): Connector {
  let model: Promise<RedisClient> | undefined;
  return async (lost) => {
    model ??= client ? Promise.resolve(client) : clientOf(url as string);
    const given = await model;
    if (!('callBuffer' in given)) return fromNodeRedis(given, lost);
    return 'startupNodes' in given ? fromIoRedisCluster(given, lost) : fromIoRedis(given, lost);
  };
}

/** True for a client that the store knows how to duplicate. */
export function isSupported(client: unknown): client is RedisClient {
  if (typeof client !== 'object' || client === null || !('duplicate' in client)) return false;
  if ('callBuffer' in client) return true;
  // Clusters and sentinels of node-redis send in ways of their own.
  return 'sendCommand' in client && !('slots' in client) && !('getSentinelNode' in client);
}

/** What node-redis calls a bulk string; it comes as a Buffer. */
const AS_BUFFERS = { typeMapping: { 36: Buffer } };

interface NodeRedisConnection {
  on(event: string, listener: (error: Error) => void): unknown;
  connect(): Promise<unknown>;
  sendCommand(args: readonly Argument[], options: object): Promise<unknown>;
  destroy(): void;
}

function fromNodeRedis(model: NodeRedisClient, lost: (error: Error) => void): Connection {
  const { socket } = (model as { options?: { socket?: object } }).options ?? {};
  const own = model.duplicate({
    RESP: 2,
    socket: { ...socket, reconnectStrategy: false },
    disableOfflineQueue: true,
    clientSideCache: undefined,
    emitInvalidate: false,
    maintNotifications: 'disabled',
    commandOptions: undefined,
    pingInterval: undefined,
    commandsQueueMaxLength: undefined,
  }) as NodeRedisConnection;
  own.on('error', lost);
  own.on('end', () => lost(new Error('the connection was closed')));
  return {
    opened: own.connect(),
    send: (args) => own.sendCommand(args, AS_BUFFERS),
    destroy: () => {
      try {
        own.destroy();
      } catch {
        // It says that it is closed already.
      }
    },
  };
}

interface IoRedisConnection {
  on(event: string, listener: (error: Error) => void): unknown;
  connect(): Promise<unknown>;
  callBuffer(command: string, ...args: Argument[]): Promise<unknown>;
  disconnect(): void;
  readonly stream?: { destroy(): void } | undefined;
}

/** It goes by what was refused or lost, and does nothing by itself. */
const IOREDIS_OPTIONS = {
  protocol: 2,
  keyPrefix: '',
  reconnectOnError: null,
  autoResendUnfulfilledCommands: false,
  autoResubscribe: false,
  enableAutoPipelining: false,
  commandTimeout: undefined,
  blockingTimeout: undefined,
  socketTimeout: undefined,
  monitor: false,
};

function fromIoRedis(model: IoRedisClient, lost: (error: Error) => void): Connection {
  const own = model.duplicate(
    ...([
      {
        ...IOREDIS_OPTIONS,
        lazyConnect: true,
        retryStrategy: () => null,
        enableOfflineQueue: false,
        maxRetriesPerRequest: 0,
      },
    ] as never[]),
  ) as IoRedisConnection;
  return overIoRedis(own, lost, () => [own]);
}

function fromIoRedisCluster(model: IoRedisClient, lost: (error: Error) => void): Connection {
  const options = {
    lazyConnect: true,
    // Nodes are connected with the first command for each. What waits for one is rejected with the session.
    enableOfflineQueue: true,
    enableAutoPipelining: false,
    keyPrefix: '',
    clusterRetryStrategy: () => null,
    // What was under way when a node was lost may have been executed: it is not sent again.
    retryDelayOnFailover: 0,
    scaleReads: 'master',
    redisOptions: IOREDIS_OPTIONS,
  };
  const own = model.duplicate(...([[], options] as never[])) as IoRedisConnection & { nodes(): IoRedisConnection[] };
  return overIoRedis(own, lost, () => own.nodes());
}

function overIoRedis(
  own: IoRedisConnection,
  lost: (error: Error) => void,
  nodesOf: () => readonly IoRedisConnection[],
): Connection {
  own.on('error', lost);
  own.on('end', () => lost(new Error('the connection was closed')));
  return {
    opened: own.connect(),
    send: ([command, ...args]) => own.callBuffer(command as string, ...args),
    destroy: () => {
      const nodes = nodesOf();
      own.disconnect();
      // Otherwise each would wait for the server to say goodbye.
      for (const { stream } of nodes) stream?.destroy();
    },
  };
}

/** A client that is never connected, for what it knows of the address. */
async function clientOf(url: string): Promise<RedisClient> {
  const redis = await load(() => import('redis'));
  if (redis) return redis.createClient({ url });
  const ioredis = await load(() => import('ioredis'));
  if (ioredis) return new ioredis.Redis(url, { lazyConnect: true });
  throw new SseError(
    'ERR_SSE_STORE',
    'Cannot connect to Redis: neither the package "redis" nor "ioredis" is installed. Add one, or give the store a client',
  );
}

/** The module; undefined where it is not installed. */
async function load<Module>(module: () => Promise<Module>): Promise<Module | undefined> {
  try {
    return await module();
  } catch (error) {
    if ((error as { code?: unknown }).code === 'ERR_MODULE_NOT_FOUND') return undefined;
    throw error;
  }
}
