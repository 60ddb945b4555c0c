/** Errors about what is sent besides, or in place of, an event stream. Pure. */
import { SseError } from '@headwater/core';

/** @param what A sentence without its full stop. */
export function replacedError(what: string): SseError {
  return new SseError(
    'ERR_SSE_PAYLOAD_REPLACED',
    `${what}. Hooks must pass on payloads of content-type text/event-stream as they are`,
  );
}

export function tooLateError(payload: unknown): SseError {
  return new SseError('ERR_SSE_HEADERS_SENT', `Cannot send ${describe(payload)}: the reply is an event stream already`);
}

export function toError(error: unknown): Error {
  return error instanceof Error ? error : new Error(String(error), { cause: error });
}

/** The kind of a payload, never its content: that may be confidential. */
export function describe(payload: unknown): string {
  if (payload === null || payload === undefined) return 'nothing';
  if (typeof payload !== 'object') return `a ${typeof payload}`;
  return `an object of class ${payload.constructor?.name ?? 'none'}`;
}

/**
 * True for what `send` and `subscribe` resolve to. A handler that nobody has wrapped (`(request, reply) => reply.sse.subscribe('a')`,
 * declared before the plugin has loaded) makes Fastify send it.
 */
export function isOwnResult(value: unknown): boolean {
  if (typeof value === 'boolean') return true;
  return typeof value === 'object' && value !== null && 'resume' in value && 'channels' in value;
}
