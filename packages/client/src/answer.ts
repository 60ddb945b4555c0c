/** Answer: whether a response is a stream, and what it means where it is none. */
import { readRetryAfter } from './backoff.js';
import { ClientError } from './errors.js';

const EVENT_STREAM = /^\s*text\/event-stream\s*(;|$)/i;

/**
 * The body of an event stream; undefined for 204, with which a server says that there is nothing to come back for.
 * @throws ClientError `ERR_CLIENT_STATUS`, `ERR_CLIENT_CONTENT_TYPE`
 */
export function streamOf(response: Response, now: number): ReadableStream<Uint8Array> | undefined {
  const { status, headers, body } = response;
  const type = `${headers.get('content-type')}`;
  if (status === 200 && EVENT_STREAM.test(type) && body) return body as ReadableStream<Uint8Array>;
  discard(response);
  if (status === 204) return undefined;
  if (status !== 200) throw statusError(response, now);
  throw new ClientError('ERR_CLIENT_CONTENT_TYPE', `No text/event-stream: ${type}`);
}

/** The error that stands for an answer's status. */
export function statusError({ status, headers }: Response, now: number): ClientError {
  const retryAfterMs = readRetryAfter(headers.get('retry-after'), now);
  return new ClientError('ERR_CLIENT_STATUS', `Answer ${status}`, { status, retryAfterMs });
}

/** Nobody reads the rest: the connection is given back. */
export function discard({ body }: Response): void {
  body?.cancel().catch(() => {});
}
