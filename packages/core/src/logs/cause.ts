/** Causes: every failure under one of a closed set of names, so that logs can be counted by them. Pure. */
import type { SseErrorCode } from '../errors.js';
import type { CloseReason, Denial, ErrorSource } from '../observer.js';

/** Why something failed. Names are stable. */
export type FailureCause =
  /** `authorize` said no, or failed. */
  | 'auth_failed'
  /** The permission ended. */
  | 'auth_expired'
  /** The permission was withdrawn. */
  | 'auth_revoked'
  /** The request's web origin is not on the list. */
  | 'origin_denied'
  /** The channel belongs to another region. */
  | 'region_denied'
  /** A limit is reached, or the hub drains: the client is told to come back. */
  | 'refused'
  /** The request itself is wrong. */
  | 'bad_request'
  /** The client's history is gone, and its subscription rejects that. */
  | 'history_gone'
  /** The client did not take what was sent. */
  | 'slow_client'
  /** A snapshot provider or a replay hook did not answer in time. */
  | 'sync_timeout'
  /** What the application streams from failed: a source, a snapshot provider, a replay hook. */
  | 'upstream'
  /** The store failed, or cannot be reached. */
  | 'store'
  /** Other code of the application's: a filter, a serializer, an observer, a message that is too large. */
  | 'application'
  /** The response cannot carry the stream. */
  | 'transport'
  /** The hub is closed. */
  | 'closed';

/** As loud as people should hear of it: what clients do is no error of the server. */
export type Level = 'info' | 'warn' | 'error';

const LEVELS: { readonly [Cause in FailureCause]: Level } = {
  auth_failed: 'warn',
  auth_expired: 'info',
  auth_revoked: 'info',
  origin_denied: 'warn',
  region_denied: 'warn',
  refused: 'warn',
  bad_request: 'info',
  history_gone: 'info',
  slow_client: 'warn',
  sync_timeout: 'error',
  upstream: 'error',
  store: 'error',
  application: 'error',
  transport: 'error',
  closed: 'warn',
};

const BY_CODE: { readonly [Code in SseErrorCode]: FailureCause } = {
  ERR_SSE_CLOSED: 'closed',
  ERR_SSE_HEADERS_SENT: 'transport',
  ERR_SSE_NOT_STREAMABLE: 'transport',
  ERR_SSE_NOT_ACCEPTABLE: 'bad_request',
  ERR_SSE_EVENT_TOO_LARGE: 'application',
  ERR_SSE_SERIALIZE: 'application',
  ERR_SSE_FENCED: 'store',
  ERR_SSE_STORE: 'store',
  ERR_SSE_POSITION: 'store',
  ERR_SSE_RESET_REJECTED: 'history_gone',
  ERR_SSE_REGION: 'region_denied',
  ERR_SSE_ORIGIN: 'origin_denied',
  ERR_SSE_DENIED: 'auth_failed',
  ERR_SSE_BAD_REQUEST: 'bad_request',
  ERR_SSE_PAYLOAD_REPLACED: 'transport',
  ERR_SSE_DECORATED: 'transport',
  ERR_SSE_CALLBACK: 'upstream',
};

const BY_SOURCE: { readonly [Source in ErrorSource]: FailureCause } = {
  publish: 'application',
  authorize: 'auth_failed',
  subscribe: 'application',
  send: 'application',
  source: 'upstream',
  store: 'store',
  snapshot: 'upstream',
  replay: 'upstream',
  filter: 'application',
  observer: 'application',
  transport: 'transport',
};

const BY_REASON: { readonly [Reason in CloseReason]?: FailureCause } = {
  slow: 'slow_client',
  reset: 'history_gone',
  expired: 'auth_expired',
  revoked: 'auth_revoked',
  limit: 'refused',
  error: 'application',
};

const BY_DENIAL: { readonly [Why in Denial['why']]: FailureCause } = {
  origin: 'origin_denied',
  region: 'region_denied',
  authorize: 'auth_failed',
  revoked: 'auth_revoked',
};

export function causeOfError(error: unknown, source: ErrorSource): FailureCause {
  const { code, cause } = (error ?? {}) as { code?: unknown; cause?: unknown };
  const isOurs = typeof code === 'string' && Object.hasOwn(BY_CODE, code);
  if (!isOurs || source === 'authorize') return BY_SOURCE[source];
  if (cause instanceof Error && cause.name === 'TimeoutError') return 'sync_timeout';
  return BY_CODE[code as SseErrorCode];
}

/** Undefined for an end that is no failure. */
export function causeOfEnd(reason: CloseReason): FailureCause | undefined {
  return BY_REASON[reason];
}

export function causeOfDenial(why: Denial['why']): FailureCause {
  return BY_DENIAL[why];
}

/** Undefined: nothing has failed. */
export function levelOf(cause: FailureCause | undefined): Level {
  return cause === undefined ? 'info' : LEVELS[cause];
}
