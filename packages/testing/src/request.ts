/** One request of node:http on a line of its own: no agent, so no pool, no queue, and nothing left behind. */
import { type ClientRequest, request } from 'node:http';
import type { Line } from './dial.js';

export interface RequestParts {
  readonly method?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly lastEventId?: string;
}

/** What is sent; the caller's headers win. */
export function requestHeaders(url: URL, { headers = {}, lastEventId = '' }: RequestParts): Record<string, string> {
  const all: Record<string, string> = { host: url.host, accept: 'text/event-stream', connection: 'close' };
  for (const [name, value] of Object.entries(headers)) all[name.toLowerCase()] = value;
  if (lastEventId !== '') all['last-event-id'] = lastEventId;
  return all;
}

/** The request, not yet ended. Redirects are not followed. */
export function openRequest(url: URL, line: Line, parts: RequestParts): ClientRequest {
  return request({
    createConnection: () => line.socket,
    method: parts.method ?? 'GET',
    path: url.pathname + url.search,
    headers: requestHeaders(url, parts),
  });
}
