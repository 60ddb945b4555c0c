/** What a tail owes its listener, whatever the listener does: it may throw, and it is told an error of ours at the end. */
import { SseError } from '../errors.js';
import type { Entry, TailListener } from '../store.js';

/** Hands on entries. @throws SseError `ERR_SSE_CALLBACK` where the listener throws: nobody knows what it has taken in, so the tail must end. */
export function tellEntries(listener: TailListener, entries: readonly Entry[]): void {
  try {
    listener.entries(entries);
  } catch (cause) {
    throw new SseError('ERR_SSE_CALLBACK', 'Cannot go on with a tail: its listener threw', { cause });
  }
}

/** Says why the tail has ended. Never throws: it is the last call, and there is nothing left to protect. */
export function tellLost(listener: TailListener, error: unknown): void {
  try {
    listener.lost(error instanceof SseError ? error : lost(error));
  } catch {}
}

function lost(cause: unknown): SseError {
  const why = cause instanceof Error ? cause.message : String(cause);
  return new SseError('ERR_SSE_STORE', `The tail was lost: ${why}`, { cause, statusCode: 503 });
}
