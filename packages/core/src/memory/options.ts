/** The options of the memory log: those of every store, and a bound on all of it together. */
import { type Bounds, type Keeping, type RetentionOptions, resolveRetention, toBound } from '../store-kit/retention.js';

/**
 * Options of `memoryStore`. Each channel keeps 10,000 entries, one hour and 32 MiB by default: days of a quiet channel, minutes
 * of a busy one, a laptop's lid or a tunnel, not a night.
 */
export interface MemoryStoreOptions extends RetentionOptions {
  /**
   * Bound on what all entries hold, each counted with {@link ENTRY_OVERHEAD} bytes of bookkeeping. Above it the channel that
   * holds the most is trimmed, so a noisy channel never evicts a quiet one's history. Default 256 MiB.
   */
  readonly maxTotalBytes?: number | false | undefined;
}

/** {@link MemoryStoreOptions}, complete and checked. */
export interface MemoryBounds extends Keeping {
  readonly maxTotalBytes: number;
}

/** What an entry costs beside its body: two array slots, the Entry and its view of the body (measured on Node 20). */
export const ENTRY_OVERHEAD = 256;

const MIB = 2 ** 20;

/** 32 MiB is 3.3 KiB for each of the 10,000, and eight channels at their limit before the total bound matters. */
const RETENTION: Bounds = { count: 10_000, ageMs: 3_600_000, bytes: 32 * MIB };

/** A small part of what Node allows itself, and enough for every channel of an ordinary process. */
const MAX_TOTAL_BYTES = 256 * MIB;

/** Checks and completes `options`. @throws TypeError, RangeError */
export function resolveOptions(options: MemoryStoreOptions): MemoryBounds {
  return {
    ...resolveRetention(options, RETENTION),
    maxTotalBytes: toBound('maxTotalBytes', options.maxTotalBytes, MAX_TOTAL_BYTES),
  };
}
