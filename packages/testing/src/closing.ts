/** Closing: how a connection came to its end, and how an error says so. */

/**
 * How a connection ended: the server finished the response, the connection broke before, or this side closed it.
 * @example
 * const { reason } = await stream.closed; // 'end'
 */
export interface Closing {
  readonly reason: 'end' | 'cut' | 'close';
  /** What broke the connection, where it was said. */
  readonly error?: Error;
}

/** Completes the sentence `Cannot wait for 3 events: ...`. */
export function describeClosing({ reason, error }: Closing): string {
  if (reason === 'close') return 'this side has closed the stream';
  if (reason === 'end') return 'the stream has ended';
  return `the connection broke${error === undefined ? '' : ` (${error.message})`}`;
}
