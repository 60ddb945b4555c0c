/**
 * Tracing: the trace contexts that a server sends along, read on the way to the client. That of a stream stands in the head of its response, those of
 * events in comment lines, on streams that were subscribed to with `trace: true`. The bytes go on as they are.
 */

/** What a server has said of its traces, as values of `traceparent` (W3C Trace Context). */
export interface Traces {
  /** To be given to the client as its option of that name. */
  readonly fetch: typeof fetch;
  /** The server's span of the newest stream. From another origin it must be let through: `access-control-expose-headers: traceparent`. */
  readonly stream: string | undefined;
  /** The publish of the event with this id; undefined where it was in no trace, had no id, or is older than the newest 1000. */
  of(id: string): string | undefined;
}

const MAX_KEPT = 1_000;

/** No line that is looked for is longer, in characters. */
const MAX_LINE = 256;

/**
 * Reads traces, in front of `inner`.
 * @example
 * const traces = readTraces();
 * const stream = connect('/news', { fetch: traces.fetch });
 * stream.on('story', ({ id }) => console.log(traces.of(id)));
 */
export function readTraces(inner: typeof fetch = (...args) => fetch(...args)): Traces {
  const kept = new Map<string, string>();
  let stream: string | undefined;
  const keep = (id: string, traceparent: string) => {
    kept.set(id, traceparent);
    const [oldest] = kept.keys();
    if (kept.size > MAX_KEPT) kept.delete(oldest as string);
  };
  return {
    async fetch(...args) {
      const response = await inner(...args);
      const { body, status, statusText, headers } = response;
      if (!body || !headers.get('content-type')?.startsWith('text/event-stream')) return response;
      stream = headers.get('traceparent') ?? undefined;
      return new Response(body.pipeThrough(reader(keep)), { status, statusText, headers });
    },
    get stream() {
      return stream;
    },
    of: (id) => kept.get(id),
  };
}

/** Passes bytes on, and looks at the lines in them: the comment begins an event, and the id ends it. */
function reader(keep: (id: string, traceparent: string) => void): TransformStream<Uint8Array, Uint8Array> {
  const decoder = new TextDecoder();
  let rest = '';
  let traceparent: string | undefined;
  const look = (line: string) => {
    const [, name, value] = /^(: traceparent|id:) ([\w.-]+)$/.exec(line) ?? [];
    if (name === 'id:' && traceparent !== undefined) keep(value as string, traceparent);
    if (name === ': traceparent') traceparent = value;
    else if (line === '') traceparent = undefined;
  };
  return new TransformStream({
    transform(bytes, controller) {
      const lines = `${rest}${decoder.decode(bytes, { stream: true })}`.split('\n');
      rest = (lines.pop() as string).slice(0, MAX_LINE);
      lines.forEach(look);
      controller.enqueue(bytes);
    },
  });
}
