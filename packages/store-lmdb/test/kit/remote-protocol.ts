/** What a test says to the process that holds its handles, and what that answers. Sent as structured clones: bytes stay bytes. */
import { SseError, type SseErrorCode, type Store } from '@headwater/core';

export interface Request {
  readonly handle: number;
  /** Names the answer; `stop` has that of its tail. */
  readonly call: number;
  readonly method: Exclude<keyof Store, 'supports'> | 'open' | 'stop';
  readonly args: readonly unknown[];
}

export interface Reply {
  readonly call: number;
  readonly value?: unknown;
  readonly error?: Described;
  readonly entries?: unknown;
  readonly lost?: Described;
}

export interface Described {
  readonly code: SseErrorCode;
  readonly message: string;
}

export function describeError(error: unknown): Described {
  const { code, message } = error as SseError;
  return { code, message };
}

export function toError({ code, message }: Described): SseError {
  return new SseError(code, message);
}
