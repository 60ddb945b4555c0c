/** reconnectingClient(): what a test sees of it. How it behaves on the wire is the `ReconnectingStream`'s part. */
import type { TlsOptions } from './dial.js';
import type { EventWaits } from './event-waits.js';
import { ReconnectingStream } from './reconnecting-stream.js';

/**
 * The requests of a reconnecting client.
 * @example
 * const client = reconnectingClient(url, { lastEventId: '7', headers: { cookie: 'user=1' } });
 */
export interface ReconnectingClientOptions {
  /** Sent with each request. */
  readonly headers?: Readonly<Record<string, string>>;
  /** Where to resume from in the first request. Default: '', a fresh client. */
  readonly lastEventId?: string;
  /** Milliseconds for each wait. Default: 5000. */
  readonly timeoutMs?: number;
  /** For `https:` URLs. */
  readonly tls?: TlsOptions;
}

/**
 * How a connection is cut: `reset` is RST, `end` is FIN.
 * @example
 * client.cut('end');
 */
export type Cut = 'reset' | 'end';

/**
 * One request of a reconnecting client.
 * @example
 * client.requests.map(({ lastEventId }) => lastEventId); // ['', '7', '12']
 */
export interface ReconnectingRequest {
  /** The Last-Event-ID that it carried, '' for none. */
  readonly lastEventId: string;
  /** The answer's status, 0 while there is none. */
  readonly status: number;
}

/**
 * Why a client has given up for good: the answer was not a 200, was no event stream, or `close` was called.
 * @example
 * const { reason, status } = await client.closed; // 'status', 204
 */
export interface GivenUp {
  readonly reason: 'status' | 'content-type' | 'close';
  /** Of the last answer, 0 without one. */
  readonly status: number;
}

/**
 * A client that resumes as a browser's `EventSource` does.
 * @example
 * const client = reconnectingClient(`${url}/news`);
 * await client.take(3);
 * client.cut();
 * await client.take(3); // what came after the first three, nothing twice, nothing missing
 * await client.close();
 */
export interface ReconnectingClient extends EventWaits {
  /** All requests so far, the newest last. */
  readonly requests: readonly ReconnectingRequest[];
  /** True while an event stream is open. */
  readonly isConnected: boolean;
  /** Resolves when the client has given up for good. Never rejects. */
  readonly closed: Promise<GivenUp>;
  /** Breaks the connection, which the client then makes anew. Default: `reset`. */
  cut(how?: Cut): void;
  /** Cuts when `count` more bytes of the body have been read; what comes behind them is never seen. Default: `reset`. */
  cutAfter(count: number, how?: Cut): void;
  /** Hangs up for good. Resolves when the socket is closed. */
  close(): Promise<void>;
}

/**
 * A client that reconnects at once with Last-Event-ID, whenever the response ends or the connection breaks. As for `EventSource`
 * (WHATWG HTML, section 9.2.3) any status but 200 and any other content type are final; so are redirects, which it does not
 * follow. It does not obey `retry`, and waits only after a failed connection (10 ms), so that a server can restart. Cheap enough
 * for some thousand in one process.
 * @example
 * const client = reconnectingClient('http://127.0.0.1:3000/news');
 * await client.when(({ isConnected }) => isConnected);
 */
export function reconnectingClient(url: string | URL, options: ReconnectingClientOptions = {}): ReconnectingClient {
  return new ReconnectingStream(new URL(url), options);
}
