/**
 * The span of a connection: from its request to the moment in which it is live. Not its lifetime, which is hours and no latency of
 * anything; a stream that ends earlier, or follows no channel, ends it earlier.
 */
import type { CloseReason, Connection, Observer, TraceContext } from '@headwater/core';
import {
  type Attributes,
  type Context,
  context,
  diag,
  isSpanContextValid,
  type Link,
  ROOT_CONTEXT,
  type Span,
  SpanKind,
  SpanStatusCode,
  trace,
} from '@opentelemetry/api';
import { Links } from './links.js';
import type { Settings } from './options.js';
import { contextOfRequest, isSampled, toTraceContext } from './trace-context.js';

/** One connection on its way. */
class Attach {
  readonly #connection: Connection;
  readonly #settings: Settings;
  readonly #span: Span;
  readonly #links: Links;
  #frames = 0;
  #bytes = 0;

  constructor(connection: Connection, settings: Settings) {
    this.#connection = connection;
    this.#settings = settings;
    this.#links = new Links(settings.maxLinks);
    const { kind, parent, links } = origin(connection, settings);
    const attributes = { 'messaging.system': 'sse', 'sse.connection.id': connection.id };
    this.#span = settings.tracer.startSpan('sse attach', { kind, links, attributes }, parent);
  }

  /** For the response's head. */
  get traceContext(): TraceContext | undefined {
    const own = this.#span.spanContext();
    return isSpanContextValid(own) ? toTraceContext(own) : undefined;
  }

  note(name: string, attributes: Attributes = {}): void {
    this.#span.addEvent(name, attributes);
  }

  replayed(frames: number, bytes: number, traces: readonly TraceContext[] | undefined): void {
    this.#frames += frames;
    this.#bytes += bytes;
    this.#links.add(traces);
  }

  live(): void {
    this.#noteReplay();
    this.note('sse.live');
    this.#end();
  }

  /** The stream has ended before it was live. */
  ended({ reason, detail = '' }: { reason: CloseReason; detail: string | undefined }): void {
    this.#noteReplay();
    this.#span.setAttribute('sse.close.reason', reason);
    if (reason === 'error') this.#span.setStatus({ code: SpanStatusCode.ERROR, message: detail });
    this.#end();
  }

  /** There is nothing to wait for, or nobody waits any more. */
  over(): void {
    this.#end();
  }

  #noteReplay(): void {
    if (this.#frames > 0)
      this.note('sse.replay', { 'sse.replay.messages': this.#frames, 'sse.replay.bytes': this.#bytes });
  }

  #end(): void {
    const { channels } = this.#connection;
    const [only] = channels.length === 1 && this.#settings.channels ? channels : [];
    this.#span.setAttributes({
      'sse.channels': channels.length,
      'sse.links.dropped': this.#links.dropped,
      ...(only !== undefined && { 'messaging.destination.name': only }),
    });
    this.#span.addLinks(this.#links.toArray());
    this.#span.end();
  }
}

/** Whose child the span is: of the request's own span where something makes one, else of what the client names. */
function origin(
  connection: Connection,
  { query, trust }: Settings,
): { kind: SpanKind; parent: Context; links: Link[] } {
  const remote = contextOfRequest(connection.request, query);
  const active = trace.getActiveSpan()?.spanContext();
  const isLocal = active !== undefined && isSpanContextValid(active) && active.isRemote !== true;
  const isParent = !isLocal && trust;
  const isLinked = remote && !isParent && remote.traceId !== active?.traceId && isSampled(remote);
  const links = isLinked ? [{ context: remote }] : [];
  if (isLocal) return { kind: SpanKind.INTERNAL, parent: context.active(), links };
  // Not the active context: instrumentation that was told to ignore streams switches tracing off in there.
  const parent = remote && trust ? trace.setSpanContext(ROOT_CONTEXT, remote) : ROOT_CONTEXT;
  return { kind: SpanKind.SERVER, parent, links };
}

/** Every connection's span, and what ends those that are open. */
export function traceAttach(settings: Settings): { observer: Observer; stop(): void } {
  const open = new Map<Connection, Attach>();
  const take = (connection: Connection) => {
    const attach = open.get(connection);
    open.delete(connection);
    return attach;
  };
  const observer: Observer = {
    connecting: (connection) => void open.set(connection, new Attach(connection, settings)),
    authorized: (connection) => open.get(connection)?.note('sse.authorize'),
    denied: ({ connection, why }) => connection && open.get(connection)?.note('sse.denied', { 'sse.denied.why': why }),
    refused: (connection, why) => open.get(connection)?.note('sse.refused', { 'sse.refused.why': why }),
    opening: (connection) => (settings.head ? open.get(connection)?.traceContext : undefined),
    opened(connection) {
      open.get(connection)?.note('sse.open');
      // Who subscribes does so in this turn. Everybody else is where they wanted to be.
      queueMicrotask(() => {
        if (connection.channels.length > 0) return;
        try {
          take(connection)?.over();
        } catch (error) {
          // Nobody guards this call: it is in no observer's turn.
          diag.error('The span "sse attach" cannot end', error);
        }
      });
    },
    resumed: (connection, { resume, behind }) =>
      open.get(connection)?.note('sse.resume', { 'sse.resume': resume, 'sse.behind': behind }),
    reset: (connection, { reason }) => open.get(connection)?.note('sse.reset', { 'sse.reset.reason': reason }),
    replayed: (connection, { frames, bytes, traces }) => open.get(connection)?.replayed(frames, bytes, traces),
    live: (connection) => take(connection)?.live(),
    closed: (connection, end) => take(connection)?.ended(end),
    abandoned: (connection, end) => take(connection)?.ended(end),
  };
  return {
    observer,
    stop() {
      for (const attach of open.values()) attach.over();
      open.clear();
    },
  };
}
