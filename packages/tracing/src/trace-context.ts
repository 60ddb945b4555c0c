/**
 * Trace context between requests, messages and OpenTelemetry: reading and writing of `traceparent` and `tracestate` (W3C Trace Context,
 * sections 3.2 and 3.3). What comes from outside is untrusted: what is malformed counts as absent, nothing throws.
 */
import type { TraceContext } from '@headwater/core';
import { readQuery } from '@headwater/core/node';
import { createTraceState, isSpanContextValid, type SpanContext, TraceFlags, trace } from '@opentelemetry/api';

// "version-format = trace-id "-" parent-id "-" trace-flags", in lower case; version ff is invalid.
const PARENT = /^(?!ff)([\da-f]{2})-([\da-f]{32})-([\da-f]{16})-([\da-f]{2})(-[\x21-\x7e]{0,256})?$/;

/** Longest `tracestate` that is taken or given, in characters ("vendors SHOULD propagate at least 512"). */
const MAX_STATE = 512;

/** What both values say; undefined where that is nothing. */
export function parseTraceContext(traceparent: unknown, tracestate?: unknown): SpanContext | undefined {
  const [, version, traceId = '', spanId = '', flags = '', more] =
    (typeof traceparent === 'string' && PARENT.exec(traceparent)) || [];
  // "If a higher version is detected, the implementation SHOULD try to parse it"; this one has nothing behind its flags.
  if (version === '00' && more !== undefined) return undefined;
  const context = { traceId, spanId, traceFlags: Number.parseInt(flags, 16) & TraceFlags.SAMPLED, isRemote: true };
  if (!isSpanContextValid(context)) return undefined;
  const isState = typeof tracestate === 'string' && tracestate !== '' && tracestate.length <= MAX_STATE;
  return isState ? { ...context, traceState: createTraceState(tracestate) } : context;
}

/** What Express, Fastify and node:http have in common. */
interface AnyRequest {
  readonly headers?: { readonly traceparent?: unknown; readonly tracestate?: unknown };
  readonly url?: string;
}

/** The context that a request names: by its header, or where it has none by `?traceparent=`, for what cannot set headers. */
export function contextOfRequest(request: unknown, fromQuery: boolean): SpanContext | undefined {
  const { headers: { traceparent, tracestate } = {}, url } = (request ?? {}) as AnyRequest;
  if (traceparent !== undefined) return parseTraceContext(traceparent, tracestate);
  return fromQuery ? parseTraceContext(readQuery(url)?.get('traceparent')) : undefined;
}

export function toTraceContext({ traceId, spanId, traceFlags, traceState }: SpanContext): TraceContext {
  const traceparent = `00-${traceId}-${spanId}-0${traceFlags & TraceFlags.SAMPLED}`;
  const tracestate = traceState?.serialize() ?? '';
  return tracestate === '' || tracestate.length > MAX_STATE ? { traceparent } : { traceparent, tracestate };
}

export function isSampled({ traceFlags }: SpanContext): boolean {
  return (traceFlags & TraceFlags.SAMPLED) !== 0;
}

/**
 * The context of the active span, if it is sampled: what `publishIn` of `@headwater/store-postgres` takes as `trace`.
 * @example
 * await publishIn(client, 'orders', { event: 'paid', data: { id: 7 } }, { trace: activeTraceContext() });
 */
export function activeTraceContext(): TraceContext | undefined {
  const active = trace.getActiveSpan()?.spanContext();
  return active && isSpanContextValid(active) && isSampled(active) ? toTraceContext(active) : undefined;
}
