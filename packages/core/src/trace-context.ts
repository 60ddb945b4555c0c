/**
 * Trace context: where in a trace something was caused, as text that travels with a message (W3C Trace Context, level 1, sections
 * 3.2 and 3.3). The core carries it and does not look into it. Pure.
 */

/** A place in a trace. */
export interface TraceContext {
  /** `00-<trace id>-<span id>-<flags>` in lower case, neither id all zero. */
  readonly traceparent: string;
  /** What tracing systems have added, at most 512 printable characters. */
  readonly tracestate?: string | undefined;
}

const PARENT = /^00-(?!0{32})[\da-f]{32}-(?!0{16})[\da-f]{16}-[\da-f]{2}$/;
const STATE = /^[\x20-\x7e]{1,512}$/;

/**
 * `context` as one line, to be stored with a message.
 * @throws TypeError for what the grammar does not allow: it would become a part of the stream.
 */
export function toTraceLine({ traceparent, tracestate }: TraceContext): string {
  if (!PARENT.test(traceparent)) throw new TypeError(`traceparent cannot be ${JSON.stringify(traceparent)}`);
  if (tracestate === undefined) return traceparent;
  if (!STATE.test(tracestate)) throw new TypeError('tracestate must be 1 to 512 printable ASCII characters');
  return `${traceparent} ${tracestate}`;
}

/** The context that {@link toTraceLine} has written. */
export function fromTraceLine(line: string): TraceContext {
  const end = line.indexOf(' ');
  return end === -1 ? { traceparent: line } : { traceparent: line.slice(0, end), tracestate: line.slice(end + 1) };
}
