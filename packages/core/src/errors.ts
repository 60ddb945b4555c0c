/**
 * Every error that Headwater raises by itself. Codes are stable, messages may change.
 * Wrong arguments are plain `TypeError`/`RangeError`; everything that depends on state or on the outside is an `SseError`.
 */

/** The closed set of stable error codes. */
export type SseErrorCode =
  /** The hub, its store or the connection is closed. */
  | 'ERR_SSE_CLOSED'
  /** Something else has already sent this response's headers, or the stream was opened twice. */
  | 'ERR_SSE_HEADERS_SENT'
  /** The response cannot carry a stream (a status without a body, say). */
  | 'ERR_SSE_NOT_STREAMABLE'
  /** The request's `Accept` header excludes `text/event-stream`. */
  | 'ERR_SSE_NOT_ACCEPTABLE'
  /** A message is larger than `maxEventBytes` once encoded. */
  | 'ERR_SSE_EVENT_TOO_LARGE'
  /** The serializer threw, or returned something other than a string. */
  | 'ERR_SSE_SERIALIZE'
  /** The store has lost entries that this process has already seen: its position is no longer part of the log. */
  | 'ERR_SSE_FENCED'
  /** The store could not do what was asked; `cause` says why. */
  | 'ERR_SSE_STORE'
  /** A position (of a snapshot, say) is not, or no longer, part of the log. */
  | 'ERR_SSE_POSITION'
  /** The client's history is gone and the subscription's policy is `reject`. */
  | 'ERR_SSE_RESET_REJECTED'
  /** A channel belongs to another region than the connection. */
  | 'ERR_SSE_REGION'
  /** The request comes from a web origin that is not allowed. */
  | 'ERR_SSE_ORIGIN'
  /** The request asked for something it may not have. */
  | 'ERR_SSE_DENIED'
  /** The request itself is wrong (a bad channel name in a query, say). */
  | 'ERR_SSE_BAD_REQUEST'
  /** A framework hook replaced the stream by another payload. */
  | 'ERR_SSE_PAYLOAD_REPLACED'
  /** The framework object already carries a member of that name. */
  | 'ERR_SSE_DECORATED'
  /** A user's callback (snapshot provider, replay hook, source) failed or took too long. */
  | 'ERR_SSE_CALLBACK';

/** An error with a stable {@link SseErrorCode}, and the HTTP status that suits it where it is raised before the headers. */
export class SseError extends Error {
  readonly code: SseErrorCode;
  /** Read by the error handlers of Express and Fastify. */
  readonly statusCode: number;

  constructor(code: SseErrorCode, message: string, options: { cause?: unknown; statusCode?: number } = {}) {
    super(message, 'cause' in options ? { cause: options.cause } : undefined);
    this.name = 'SseError';
    this.code = code;
    this.statusCode = options.statusCode ?? 500;
  }
}

/** True for an {@link SseError} with that code, whichever copy of the package made it. */
export function hasCode(error: unknown, code: SseErrorCode): boolean {
  return error instanceof Error && (error as { code?: unknown }).code === code;
}

/**
 * A text from outside as it may stand in a message or a log: quoted, on one line, short. Controls that JSON leaves alone (C1, which
 * terminals obey, and the line ends of Unicode) are escaped too.
 */
export function shown(text: string, most = 80): string {
  const escaped = (character: string) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`;
  return JSON.stringify(text.slice(0, most)).replaceAll(/[\u007f-\u009f\u2028\u2029]/g, escaped);
}
