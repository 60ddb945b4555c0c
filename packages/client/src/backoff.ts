/** Backoff: how long to wait before the next attempt. Full jitter, so that clients that lost the same server come back apart. */
import type { Resolved } from './options.js';

/** How long a connection must have held before its failures are forgotten, in milliseconds. */
export const HEALTHY_MS = 10_000;

/** Longest random wait, in milliseconds. */
const CAP_MS = 30_000;

/** Milliseconds to wait after so many failures: at least `floorMs`, and some more that is random. */
export function nextWait({ backoffMs, random }: Resolved, failures: number, floorMs: number): number {
  return floorMs + random() * Math.min(CAP_MS, backoffMs * 2 ** (failures - 1));
}

/** A wait that a server asked for, between 250 ms and an hour: what is no time at all, or hostile, becomes a bound. */
export function boundedWait(ms: number): number {
  return Math.min(3_600_000, Math.max(250, ms || 0));
}

/** Milliseconds that a `Retry-After` header asks for (RFC 9110, section 10.2.3), in seconds or as a date; 0 for none. */
export function readRetryAfter(value: string | null, now: number): number {
  return value ? boundedWait(Number(value) * 1_000 || Date.parse(value) - now) : 0;
}
