/** Request: what is asked for. All that the protocol adds stands in the query, which clients of every kind can set. */
import type { Resolved } from './options.js';

/** What is asked besides the options. */
interface Asked {
  readonly method?: string | undefined;
  readonly body?: string | undefined;
  readonly headers?: Readonly<Record<string, string>>;
  readonly signal?: AbortSignal;
  readonly keepalive?: boolean;
}

/** Asks with what every request carries: the application's headers, the trace context, credentials. */
export async function request(options: Resolved, refresh: boolean, url: URL, asked?: Asked): Promise<Response> {
  const { headers, traceparent, credentials } = options;
  const own = typeof headers === 'function' ? await headers({ refresh }) : headers;
  const trace = typeof traceparent === 'function' ? traceparent() : traceparent;
  return options.fetch(url, {
    cache: 'no-store',
    credentials,
    ...asked,
    headers: { ...own, ...(trace && { traceparent: trace }), ...asked?.headers },
    // Node's types know nothing of `cache`, and take no undefined.
  } as RequestInit);
}

/** Asks for the stream from `lastEventId` on. */
export async function requestStream(
  options: Resolved,
  refresh: boolean,
  heartbeat: number | undefined,
  lastEventId: string,
  signal: AbortSignal,
): Promise<Response> {
  const { body, plain, ack, method = body && 'POST' } = options;
  const url = new URL(options.url);
  const wishes = plain ? {} : { prev: 1, refusal: 'status', heartbeat, clientId: ack?.clientId };
  for (const [name, value] of Object.entries(wishes)) {
    if (value && !url.searchParams.has(name)) url.searchParams.set(name, `${value}`);
  }
  const headers: Record<string, string> = { accept: 'text/event-stream' };
  // "Set (`Last-Event-ID`, lastEventIDValue)": the UTF-8 bytes of the id, each as a character of the header.
  if (lastEventId) headers['last-event-id'] = String.fromCharCode(...new TextEncoder().encode(lastEventId));
  return request(options, refresh, url, { method, headers, signal, body });
}
