/** Every option of a hub, its default and the reason for it. Resolved once, frozen. */
import { type Clock, systemClock } from './clock.js';
import { MIN_RETRY_MS } from './frame.js';
import { memoryStore } from './memory/store.js';
import type { Serializer } from './message.js';
import type { Observer } from './observer.js';
import type { RegionOf } from './regions.js';
import type { ReplayHook } from './replay-hook.js';
import type { SnapshotProvider } from './snapshots.js';
import type { Store } from './store.js';

/** Options of `createHub`. Every one has a default; `false` switches a limit or a feature off. */
export interface HubOptions {
  /** Where order and history live. Default: a memory store of the hub's own, closed with the hub. */
  store?: Store | undefined;
  /** Turns data that is not a string into one. Default `JSON.stringify`. */
  serializer?: Serializer | undefined;
  /** Metrics, tracing, logging. */
  observers?: readonly Observer[] | undefined;
  /** Gives the state of a channel to clients whose history is gone; undefined where the channel has none. */
  snapshot?: SnapshotProvider | undefined;
  /** Stands behind the store: called when the hub cannot resume a Last-Event-ID. */
  replay?: ReplayHook | undefined;
  /** Reconnection time that streams announce, in milliseconds. Default 2000: browsers differ (Chromium 3 s, Firefox 5 s). */
  retryMs?: number | undefined;
  /** Milliseconds between heartbeats on an idle connection. Default 15000, below every common proxy's idle limit; the standard suggests it. */
  heartbeatMs?: number | false | undefined;
  /** Bounds for the heartbeat that a client may ask for, in milliseconds. Default 5000 to 120000. */
  heartbeatBoundsMs?: readonly [min: number, max: number] | undefined;
  /**
   * Web origins that may open streams, `https://app.example` each, your own included where browsers send it. Requests without an
   * `Origin` header (the same origin, servers, command-line tools) are not asked. Default false: any origin, as CORS allows it.
   */
  origins?: readonly string[] | false | undefined;
  /** The region that a channel belongs to, if any: see `Connection.region`. The same in every process. */
  regionOf?: RegionOf | undefined;
  /** New streams per second, in number, with as many at once; more are told to wait. Default false. */
  maxConnectsPerSecond?: number | false | undefined;
  /** Open connections in all. Default false: the operating system's limit on files. */
  maxConnections?: number | false | undefined;
  /** Open connections per client key (the address by default). Default false: clients behind one proxy share an address. */
  maxConnectionsPerClient?: number | false | undefined;
  /** Channels of one connection. Default 100. */
  maxChannels?: number | undefined;
  /** Age at which a connection is ended and told to come back, in milliseconds; each gets 80 to 100 % of it. Default false. */
  maxAgeMs?: number | false | undefined;
  /** Size of one encoded message, in bytes. Default 1 MiB. */
  maxEventBytes?: number | undefined;
  /** Bytes that may wait for one connection before it is closed as `slow`, in bytes, at least 64 KiB. Default 1 MiB. */
  maxPendingBytes?: number | undefined;
  /** Time in which a connection with bytes waiting must have taken some, in milliseconds. Default 30000. */
  stallMs?: number | false | undefined;
  /** Newest frames kept encoded in memory, in number. Default 10000. */
  ringEvents?: number | undefined;
  /** Newest frames kept encoded in memory, in bytes. Default 16 MiB. */
  ringBytes?: number | undefined;
  /** How often an idle process checks that a shared store has not lost its tail, in milliseconds (80 to 120 % of it). Default 10000. */
  headCheckMs?: number | false | undefined;
  /** How long a snapshot provider or the start of a replay hook may take, in milliseconds. Default 10000. */
  callbackTimeoutMs?: number | undefined;
  /** Seconds that a refused client is told to wait, as a range it is spread over. Default 5 to 15. */
  refusalRetrySeconds?: readonly [min: number, max: number] | undefined;
  /** Time and turns. Default: the system's. */
  clock?: Clock | undefined;
  /** Uniform numbers in [0, 1). Default `Math.random`. */
  random?: (() => number) | undefined;
}

/** Below this many waiting bytes a sink has room. At least Node's largest default high-water mark, so that `drain` follows. */
export const ROOM_BYTES = 64 * 1024;

/** Most bytes of frames that one flush or one page carries: large enough to amortise a write, small enough to bound a client's share. */
export const MAX_BATCH_BYTES = 256 * 1024;

/** No loop over connections holds the event loop longer than this, in milliseconds. */
export const SLICE_MS = 8;

export type ResolvedOptions = Readonly<
  { [K in keyof Omit<HubOptions, 'snapshot' | 'replay'>]-?: Exclude<HubOptions[K], undefined> } & {
    snapshot: SnapshotProvider | undefined;
    replay: ReplayHook | undefined;
    ownsStore: boolean;
  }
>;

/** @throws TypeError, RangeError for a wrong, unknown or contradictory option. */
export function resolveOptions(given: HubOptions): ResolvedOptions {
  for (const name of Object.keys(given)) {
    if (!(name in CHECKS))
      throw new TypeError(`Unknown hub option "${name}". Known: ${Object.keys(CHECKS).join(', ')}`);
  }
  for (const [name, check] of Object.entries(CHECKS)) {
    const value = given[name as keyof HubOptions];
    if (value !== undefined) check(value, name);
  }
  const defined = Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined)) as HubOptions;
  const clock = defined.clock ?? systemClock;
  const options = {
    ...DEFAULTS,
    ...defined,
    clock,
    store: defined.store ?? memoryStore({ clock }),
    ownsStore: defined.store === undefined,
    snapshot: defined.snapshot,
    replay: defined.replay,
  } as ResolvedOptions;
  if (options.maxEventBytes > options.maxPendingBytes) {
    throw new RangeError(
      `maxEventBytes (${options.maxEventBytes}) must not exceed maxPendingBytes (${options.maxPendingBytes}): such an event could never be sent`,
    );
  }
  return Object.freeze(options);
}

const DEFAULTS = {
  serializer: JSON.stringify as Serializer,
  observers: [] as readonly Observer[],
  retryMs: 2_000,
  heartbeatMs: 15_000 as number | false,
  heartbeatBoundsMs: [5_000, 120_000] as readonly [number, number],
  origins: false as readonly string[] | false,
  maxConnectsPerSecond: false as number | false,
  maxConnections: false as number | false,
  maxConnectionsPerClient: false as number | false,
  maxChannels: 100,
  maxAgeMs: false as number | false,
  maxEventBytes: 1024 * 1024,
  maxPendingBytes: 1024 * 1024,
  stallMs: 30_000 as number | false,
  ringEvents: 10_000,
  ringBytes: 16 * 1024 * 1024,
  headCheckMs: 10_000 as number | false,
  callbackTimeoutMs: 10_000,
  refusalRetrySeconds: [5, 15] as readonly [number, number],
  random: Math.random,
};

type Check = (value: unknown, name: string) => void;

const integer =
  (min: number, off = false): Check =>
  (value, name) => {
    if (off && value === false) return;
    if (typeof value !== 'number')
      throw new TypeError(`${name} must be a number${off ? ' or false' : ''}, not ${typeof value}`);
    if (!Number.isSafeInteger(value) || value < min)
      throw new RangeError(`${name} must be an integer of at least ${min}, not ${value}`);
  };

const callable: Check = (value, name) => {
  if (typeof value !== 'function') throw new TypeError(`${name} must be a function, not ${typeof value}`);
};

const object: Check = (value, name) => {
  if (typeof value !== 'object' || value === null) throw new TypeError(`${name} must be an object`);
};

const range =
  (min: number): Check =>
  (value, name) => {
    if (!Array.isArray(value) || value.length !== 2) throw new TypeError(`${name} must be [min, max]`);
    integer(min)(value[0], `${name}[0]`);
    integer(value[0])(value[1], `${name}[1]`);
  };

const origins: Check = (value, name) => {
  if (value === false) return;
  if (!Array.isArray(value)) throw new TypeError(`${name} must be an array of origins, or false`);
  const wrong = value.find((origin) => typeof origin !== 'string' || !/^[a-z][a-z0-9+.-]*:\/\/[^/\s]+$/.test(origin));
  if (wrong !== undefined)
    throw new TypeError(`${name} must hold origins like "https://app.example", not ${JSON.stringify(wrong)}`);
};

const CHECKS: Record<keyof HubOptions, Check> = {
  store: object,
  serializer: callable,
  observers: object,
  snapshot: callable,
  replay: callable,
  retryMs: integer(MIN_RETRY_MS),
  heartbeatMs: integer(100, true),
  heartbeatBoundsMs: range(100),
  origins,
  regionOf: callable,
  maxConnectsPerSecond: integer(1, true),
  maxConnections: integer(1, true),
  maxConnectionsPerClient: integer(1, true),
  maxChannels: integer(1),
  maxAgeMs: integer(1_000, true),
  maxEventBytes: integer(1),
  maxPendingBytes: integer(ROOM_BYTES),
  stallMs: integer(1_000, true),
  ringEvents: integer(1),
  ringBytes: integer(1024),
  headCheckMs: integer(100, true),
  callbackTimeoutMs: integer(1),
  refusalRetrySeconds: range(1),
  clock: object,
  random: callable,
};
