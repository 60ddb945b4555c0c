/**
 * Source: a URL. Asked through node:http, since `fetch` (undici 6) either leaves the socket of an ended stream in its pool, or, with
 * `connection: close`, takes a broken chunked body for a complete one.
 */
import type { IncomingMessage } from 'node:http';
import { dial, type TlsOptions } from '../dial.js';
import { openRequest } from '../request.js';
import { feed } from './readable.js';
import type { Open } from './source.js';

/**
 * The request that `collect` makes for a URL.
 * @example
 * const stream = await collect(url, { method: 'POST', headers: { 'content-type': 'application/json' }, body: '{}' });
 */
export interface CollectRequest {
  /** Default: `GET`. */
  readonly method?: string;
  /** Default: `accept: text/event-stream` and `connection: close`. */
  readonly headers?: Readonly<Record<string, string>>;
  /** Default: none. */
  readonly body?: string | Uint8Array;
  /** Sent as `Last-Event-ID`, '' not at all. */
  readonly lastEventId?: string;
  /** For `https:` URLs. */
  readonly tls?: TlsOptions;
}

export function openUrl(url: URL, parts: CollectRequest): Open {
  return (begin, signal) =>
    new Promise<void>((resolve, reject) => {
      const label = `${parts.method ?? 'GET'} ${url}`;
      const line = dial(url, parts.tls);
      const request = openRequest(url, line, parts);
      signal.addEventListener('abort', () => line.socket.destroy());
      request.on('error', (cause) => reject(new Error(`Cannot open ${label}: ${cause.message}`, { cause })));
      request.on('response', (response: IncomingMessage) => {
        const { statusCode: status = 0, headers } = response;
        feed(response, begin({ label, status, headers, stop: () => void line.socket.destroy() }));
        resolve();
      });
      request.end(parts.body);
    });
}
