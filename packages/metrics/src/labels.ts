/**
 * Labels: every value that a label can have. The sets are closed, as the hub's are, so that every series is there, at 0, before
 * anything happens: a series that appears with its first event would be no increase to Prometheus.
 */
import type { CloseReason, Denial, ErrorSource, ResetReason, Resume } from '@headwater/core';

/** The members of a union; the type checker misses those that are left out. */
function all<Value extends string>(values: Readonly<Record<Value, true>>): readonly Value[] {
  return Object.keys(values) as Value[];
}

export const CLOSED: readonly CloseReason[] = all<CloseReason>({
  client: true,
  server: true,
  slow: true,
  reset: true,
  expired: true,
  revoked: true,
  age: true,
  limit: true,
  shutdown: true,
  error: true,
});

export const DENIED: readonly Denial['why'][] = all<Denial['why']>({
  origin: true,
  region: true,
  authorize: true,
  revoked: true,
});

export const RESUMES: readonly Resume[] = all<Resume>({ fresh: true, resumed: true, reset: true });

export const RESETS: readonly ResetReason[] = all<ResetReason>({
  epoch: true,
  rollback: true,
  trimmed: true,
  malformed: true,
  late: true,
  lag: true,
});

export const ERRORS: readonly ErrorSource[] = all<ErrorSource>({
  publish: true,
  subscribe: true,
  authorize: true,
  send: true,
  source: true,
  store: true,
  snapshot: true,
  replay: true,
  filter: true,
  observer: true,
  transport: true,
});

export const SNAPSHOTS_FROM = ['provider', 'items', 'saved'] as const;
export const SNAPSHOT_OUTCOMES = ['found', 'none', 'failed'] as const;

/** A history that is gone, and nobody who would take less. */
const NO_HISTORY = 'reset';

export const REFUSED = [
  'shutting down',
  'too many connections',
  'too many connections of this client',
  'too many new connections',
  NO_HISTORY,
] as const;

/** The label of what the hub says in words. What is none of the limits tells of the client's own history. */
export function refusalOf(why: string): (typeof REFUSED)[number] {
  return REFUSED.find((known) => known === why) ?? NO_HISTORY;
}
