/** The errors that the Store contract asks for, with one wording for every store. */
import { SseError } from '../errors.js';
import { formatEventId } from '../event-id.js';
import type { Position } from '../store.js';

/** `at` is not part of the log: `append` and `tail` refuse it. */
export function fenced(action: string, at: Position, head: number): SseError {
  return new SseError(
    'ERR_SSE_FENCED',
    `Cannot ${action} at ${nameOf(at)}: not part of the log, whose head is ${head}`,
  );
}

/** A position that a call names is not, or no longer, part of the log. */
export function wrongPosition(action: string, at: Position, why: string = 'is not part of the log'): SseError {
  return new SseError('ERR_SSE_POSITION', `Cannot ${action}: ${nameOf(at)} ${why}`);
}

export function closed(action: string, store: string): SseError {
  return new SseError('ERR_SSE_CLOSED', `Cannot ${action}: the ${store} is closed`);
}

/** What came from below. An error of ours passes as it is. */
export function failed(action: string, cause: unknown): SseError {
  if (cause instanceof SseError) return cause;
  const why = cause instanceof Error ? cause.message : String(cause);
  return new SseError('ERR_SSE_STORE', `Cannot ${action}: ${why}`, { cause, statusCode: 503 });
}

/** What was thrown, as an error. */
export function asError(thrown: unknown): Error {
  return thrown instanceof Error ? thrown : new Error(String(thrown));
}

function nameOf({ epoch, seq }: Position): string {
  return formatEventId(epoch, seq);
}
