/**
 * Retention: how much history a store keeps, as every store's options say it. Part of what stores share.
 * Everything wrong throws at creation; "off" is `false` outside and Infinity inside, so that every check is one comparison.
 */
import { SseError } from '../errors.js';

/** How much history each channel keeps. What exceeds any of the bounds is trimmed, oldest first. `false` is no bound. */
export interface Retention {
  /** Entries. */
  readonly count: number | false;
  /** Milliseconds since the entry's `time`. */
  readonly ageMs: number | false;
  /** Bytes of bodies. An entry that is larger by itself is not kept at all. */
  readonly bytes: number | false;
}

/** What every store's options say of what is kept, and for how long. */
export interface RetentionOptions {
  /** Retention of every channel; fields left out keep their defaults. */
  readonly retention?: Partial<Retention> | undefined;
  /** Retention of one channel, over that of every channel. Asked once, when the channel's first entry comes. */
  readonly retentionOf?: ((channel: string) => Partial<Retention> | undefined) | undefined;
  /** How long a saved snapshot is good for, from its `time`. Default 7 days. */
  readonly snapshotTtlMs?: number | false | undefined;
  /** How long a client's cursor is good for, from its `time`. Default 7 days. */
  readonly cursorTtlMs?: number | false | undefined;
  /** How long an idempotency key is known. Default 10 minutes. */
  readonly keyTtlMs?: number | undefined;
  /** How long a channel without entries or snapshot stays known. Default: as long as its entries, an hour to 7 days. */
  readonly forgetAfterMs?: number | false | undefined;
}

/** {@link Retention} with Infinity for `false`. */
export type Bounds = { readonly [Name in keyof Retention]: number };

/** {@link RetentionOptions}, complete and checked, with Infinity for `false`. */
export interface Keeping {
  /** The bounds of a channel. @throws SseError `ERR_SSE_CALLBACK` where `retentionOf` fails. */
  readonly boundsOf: (channel: string) => Bounds;
  readonly snapshotTtlMs: number;
  readonly cursorTtlMs: number;
  readonly keyTtlMs: number;
  readonly forgetAfterMs: number;
}

const HOUR = 3_600_000;
const DAY = 24 * HOUR;

/** Whoever may come back finds the state to come back to: snapshots and cursors are good for equally long. */
const COMEBACK_MS = 7 * DAY;

/** What the Store contract says. */
const KEY_TTL_MS = 600_000;

/** Checks and completes `options`; `defaults` is the retention where nothing is given. @throws TypeError, RangeError */
export function resolveRetention(options: RetentionOptions, defaults: Bounds): Keeping {
  const { retentionOf } = options;
  if (retentionOf !== undefined && typeof retentionOf !== 'function') {
    throw new TypeError(`retentionOf must be a function, not ${typeof retentionOf}`);
  }
  const general = toBounds('retention', options.retention, defaults);
  return {
    boundsOf: retentionOf ? (channel) => askBounds(retentionOf, channel, general) : () => general,
    snapshotTtlMs: toBound('snapshotTtlMs', options.snapshotTtlMs, COMEBACK_MS),
    cursorTtlMs: toBound('cursorTtlMs', options.cursorTtlMs, COMEBACK_MS),
    keyTtlMs: toNumber('keyTtlMs', options.keyTtlMs ?? KEY_TTL_MS),
    // A channel is forgotten only after everybody who could resume it would be reset anyway.
    forgetAfterMs: toBound('forgetAfterMs', options.forgetAfterMs, clamp(general.ageMs, HOUR, COMEBACK_MS)),
  };
}

/** A bound as options give it: `false` is Infinity. @throws TypeError, RangeError */
export function toBound(name: string, given: number | false | undefined, otherwise: number): number {
  if (given === undefined) return otherwise;
  return given === false ? Number.POSITIVE_INFINITY : toNumber(name, given);
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

function clamp(value: number, min: number, max: number): number {
  return Math.min(max, Math.max(min, value));
}

function toNumber(name: string, given: number): number {
  if (typeof given !== 'number') throw new TypeError(`${name} must be a number, not ${typeof given}`);
  if (!Number.isSafeInteger(given) || given < 0)
    throw new RangeError(`${name} must be an integer of at least 0, not ${given}`);
  return given;
}

function askBounds(
  retentionOf: NonNullable<RetentionOptions['retentionOf']>,
  channel: string,
  general: Bounds,
): Bounds {
  try {
    return toBounds(`retentionOf("${channel}")`, retentionOf(channel), general);
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause);
    throw new SseError('ERR_SSE_CALLBACK', `Cannot tell the retention of channel "${channel}": ${why}`, { cause });
  }
}
