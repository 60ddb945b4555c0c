/** Everything that can go wrong outside. Codes are stable, messages may change. Wrong options are `TypeError`/`RangeError`. */

/** The closed set of stable error codes. */
export type ClientErrorCode =
  /** The connection could not be made (a function of the options failed, say), or broke. */
  | 'ERR_CLIENT_NETWORK'
  /** The answer has another status than 200; `status` says which. */
  | 'ERR_CLIENT_STATUS'
  /** The answer is no event stream: an error page, say. */
  | 'ERR_CLIENT_CONTENT_TYPE'
  /** The server takes no more clients for now. */
  | 'ERR_CLIENT_BUSY'
  /** No answer in time. */
  | 'ERR_CLIENT_NO_ANSWER'
  /** Three heartbeats are missing. */
  | 'ERR_CLIENT_SILENT'
  /** A line, an event or a repair is larger than what the options allow. */
  | 'ERR_CLIENT_TOO_LARGE'
  /** An event of a channel is missing. */
  | 'ERR_CLIENT_GAP'
  /** The option `parse` failed; the event is left out. */
  | 'ERR_CLIENT_PARSE'
  /** The position could not be read or kept. */
  | 'ERR_CLIENT_STORAGE'
  /** An acknowledgement was not taken. */
  | 'ERR_CLIENT_ACK'
  /** The sync endpoint failed. */
  | 'ERR_CLIENT_SYNC';

/** What an error knows besides its code. */
export interface ClientErrorDetails {
  readonly cause?: unknown;
  /** HTTP status of the answer, where there was one. */
  readonly status?: number;
  /** How long the server asked to wait, in milliseconds; 0 where it did not. */
  readonly retryAfterMs?: number;
}

/** An error with a stable {@link ClientErrorCode}. */
export class ClientError extends Error {
  declare readonly code: ClientErrorCode;
  declare readonly status: number | undefined;
  declare readonly retryAfterMs: number;

  constructor(code: ClientErrorCode, message: string, { cause, status, retryAfterMs = 0 }: ClientErrorDetails = {}) {
    super(message, { cause });
    this.name = 'ClientError';
    this.code = code;
    this.status = status;
    this.retryAfterMs = retryAfterMs;
  }
}

/** `error` itself where it is one of ours, else one of this code around it. */
export function toClientError(error: unknown, code: ClientErrorCode, what: string): ClientError {
  if (error instanceof ClientError) return error;
  return new ClientError(code, `${what}: ${error}`, { cause: error });
}
