/** slowClient(): connects and waits for the head. What the test then does with the connection is the `SlowConnection`'s part. */
import type { Buffer } from 'node:buffer';
import type { IncomingHttpHeaders } from 'node:http';
import type { Closing } from './closing.js';
import { dial, type TlsOptions } from './dial.js';
import type { EventWaits } from './event-waits.js';
import { requestHeaders } from './request.js';
import { SlowConnection } from './slow-connection.js';

/**
 * The request of a slow client, and its pace.
 * @example
 * const client = await slowClient(url, { bytesPerRead: 1 });
 * client.resume(); // one byte per turn of the event loop
 */
export interface SlowClientOptions {
  /** Default: `GET`. */
  readonly method?: string;
  /** Default: `accept: text/event-stream` and `connection: close`. */
  readonly headers?: Readonly<Record<string, string>>;
  /** Sent as `Last-Event-ID`, '' not at all. */
  readonly lastEventId?: string;
  /** Default: `1.1`. With `1.0` there is no chunked coding. */
  readonly httpVersion?: '1.0' | '1.1';
  /** Most bytes per turn of the event loop. Default: all that are there. */
  readonly bytesPerRead?: number;
  /** Milliseconds for the head, and then for each wait. Default: 5000. */
  readonly timeoutMs?: number;
  /** For `https:` URLs. */
  readonly tls?: TlsOptions;
}

/**
 * A connection whose reading is in the test's hand.
 * @example
 * const client = await slowClient(url);
 * // ... the server sends, and has to wait
 * client.resume();
 * await client.until((event) => event.data === 'last');
 * client.destroy();
 */
export interface SlowClient extends EventWaits {
  /** HTTP status. */
  readonly status: number;
  /** Headers by their names in lower case. */
  readonly headers: IncomingHttpHeaders;
  /** Status line and headers as they came. */
  readonly head: string;
  /** The bytes behind the head that were read so far, as they were on the wire: with chunk sizes. */
  readonly raw: Buffer;
  /** Resolves when the connection is over; while nothing is read, the server's end stays unseen. Never rejects. */
  readonly closed: Promise<Closing>;
  /** The next `count` bytes of `raw`. */
  read(count: number): Promise<Buffer>;
  /** Reads on, at the pace of `bytesPerRead`, until `pause`. */
  resume(): void;
  /** Reads no more. */
  pause(): void;
  /** Breaks the connection with RST. */
  destroy(): void;
  /** Hangs up with FIN, and takes what is still under way, so that no RST follows. */
  end(): void;
}

/**
 * A client that sends a request, reads the head of the response, and then no more than it is told to. What it leaves stays in the
 * kernel's buffers (some megabytes on a loopback) and then with the server. Up to 64 KiB wait in this process.
 * @throws Rejects if the connection fails, or without a head within `timeoutMs`.
 * @example
 * const client = await slowClient(`${url}/news`);
 * client.status; // 200
 * await client.read(10); // the first ten bytes behind the head
 */
export async function slowClient(url: string | URL, options: SlowClientOptions = {}): Promise<SlowClient> {
  const target = new URL(url);
  const { method = 'GET', httpVersion = '1.1', bytesPerRead = Infinity, timeoutMs = 5_000 } = options;
  if (!(bytesPerRead >= 1)) throw new RangeError(`bytesPerRead must be at least 1, not ${bytesPerRead}`);
  const line = dial(target, options.tls);
  const client = new SlowConnection(line, { label: `${method} ${target}`, bytesPerRead, timeoutMs });
  const fields = Object.entries(requestHeaders(target, options)).map(([name, value]) => `${name}: ${value}\r\n`);
  line.socket.write(`${method} ${target.pathname}${target.search} HTTP/${httpVersion}\r\n${fields.join('')}\r\n`);
  try {
    await client.opened();
  } catch (error) {
    client.destroy();
    throw error;
  }
  return client;
}
