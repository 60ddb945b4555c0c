/**
 * The options of the memory log: what may be given, what is taken where nothing is, and why.
 * Everything wrong throws here, at creation; "off" is `false` outside and Infinity inside, so that every check is one comparison.
 */

/** How much history each channel keeps. What exceeds any of the bounds is trimmed, oldest first. `false` is no bound. */
export interface Retention {
  /** Entries. Default 10,000. */
  readonly count: number | false;
  /** Milliseconds since the entry's `time`. Default 1 hour. */
  readonly ageMs: number | false;
  /** Bytes of bodies. An entry that is larger by itself is not kept at all. Default 32 MiB. */
  readonly bytes: number | false;
}

/** Options of `memoryStore`. */
export interface MemoryStoreOptions {
  /** Retention of every channel; fields left out keep their defaults. */
  readonly retention?: Partial<Retention> | undefined;
  /** Retention of one channel, over that of every channel. Asked once, when the channel's first entry comes. */
  readonly retentionOf?: ((channel: string) => Partial<Retention> | undefined) | undefined;
  /**
   * Bound on what all entries hold, each counted with {@link ENTRY_OVERHEAD} bytes of bookkeeping. Above it the channel that
   * holds the most is trimmed, so a noisy channel never evicts a quiet one's history. Default 256 MiB.
   */
  readonly maxTotalBytes?: number | false | undefined;
  /** How long a saved snapshot is good for, from its `time`. Default 7 days. */
  readonly snapshotTtlMs?: number | false | undefined;
  /** How long an idempotency key is known. Default 10 minutes. */
  readonly keyTtlMs?: number | undefined;
  /** How long a channel without entries or snapshot stays known. Default 1 hour. */
  readonly forgetAfterMs?: number | false | undefined;
}

/** {@link Retention} with Infinity for `false`. */
export type Bounds = { readonly [Name in keyof Retention]: number };

/** {@link MemoryStoreOptions}, complete and checked. */
export interface MemoryBounds {
  readonly boundsOf: (channel: string) => Bounds;
  readonly maxTotalBytes: number;
  readonly snapshotTtlMs: number;
  readonly keyTtlMs: number;
  readonly forgetAfterMs: number;
}

/** What an entry costs beside its body: two array slots, the Entry and its view of the body (measured on Node 20). */
export const ENTRY_OVERHEAD = 256;

const SECOND = 1_000;
const HOUR = 3_600 * SECOND;
const MIB = 2 ** 20;

const DEFAULTS = {
  /** Days of a quiet channel, minutes of a busy one: more than a client that reconnects can need. */
  count: 10_000,
  /** A laptop's lid or a tunnel, not a night: older state is better told by a snapshot. */
  ageMs: HOUR,
  /** 3.3 KiB for each of the 10,000, and eight channels at their limit before the total bound matters. */
  bytes: 32 * MIB,
  /** A small part of what Node allows itself, and enough for every channel of an ordinary process. */
  maxTotalBytes: 256 * MIB,
  /** As long as client cursors are kept: whoever may come back finds the state to come back to. */
  snapshotTtlMs: 7 * 24 * HOUR,
  /** What the Store contract says. */
  keyTtlMs: 600 * SECOND,
  /** As long as history itself, so that a channel is forgotten only after everybody who could resume it would be reset anyway. */
  forgetAfterMs: HOUR,
} as const;

const RETENTION: Bounds = { count: DEFAULTS.count, ageMs: DEFAULTS.ageMs, bytes: DEFAULTS.bytes };

/** Checks and completes `options`. @throws TypeError, RangeError */
export function resolveOptions(options: MemoryStoreOptions): MemoryBounds {
  const { retentionOf } = options;
  if (retentionOf !== undefined && typeof retentionOf !== 'function') {
    throw new TypeError(`retentionOf must be a function, not ${typeof retentionOf}`);
  }
  const general = toBounds('retention', options.retention, RETENTION);
  return {
    boundsOf: retentionOf
      ? (channel) => toBounds(`retentionOf("${channel}")`, retentionOf(channel), general)
      : () => general,
    maxTotalBytes: toBound('maxTotalBytes', options.maxTotalBytes, DEFAULTS.maxTotalBytes),
    snapshotTtlMs: toBound('snapshotTtlMs', options.snapshotTtlMs, DEFAULTS.snapshotTtlMs),
    keyTtlMs: toNumber('keyTtlMs', options.keyTtlMs ?? DEFAULTS.keyTtlMs),
    forgetAfterMs: toBound('forgetAfterMs', options.forgetAfterMs, DEFAULTS.forgetAfterMs),
  };
}

function toBounds(name: string, given: Partial<Retention> | undefined, otherwise: Bounds): Bounds {
  if (given === undefined) return otherwise;
  if (typeof given !== 'object' || given === null)
    throw new TypeError(`${name} must be an object, not ${String(given)}`);
  return {
    count: toBound(`${name}.count`, given.count, otherwise.count),
    ageMs: toBound(`${name}.ageMs`, given.ageMs, otherwise.ageMs),
    bytes: toBound(`${name}.bytes`, given.bytes, otherwise.bytes),
  };
}

function toBound(name: string, given: number | false | undefined, otherwise: number): number {
  if (given === undefined) return otherwise;
  return given === false ? Number.POSITIVE_INFINITY : toNumber(name, given);
}

function toNumber(name: string, given: number): number {
  if (typeof given !== 'number') throw new TypeError(`${name} must be a number, not ${typeof given}`);
  if (!Number.isSafeInteger(given) || given < 0)
    throw new RangeError(`${name} must be an integer of at least 0, not ${given}`);
  return given;
}
