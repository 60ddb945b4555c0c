/** Every option of a client, its default and the reason for it. Checked once, at creation. */
import { type ClientClock, systemClock } from './clock.js';
import type { ClientError } from './errors.js';
import type { Fallback, Keeper, NetworkProfile } from './features.js';

/** Why the headers are asked for. */
export interface HeadersContext {
  /** True after a 401, or when the server ended the stream because the permission had expired: fetch a new token. */
  readonly refresh: boolean;
}

type HeaderList = Readonly<Record<string, string>>;

/** Options of `connect`. */
export interface ConnectOptions {
  /** Default `GET`, or `POST` with a body. */
  method?: string | undefined;
  /** Sent with every attempt. */
  body?: string | undefined;
  /** Sent with every request. A function is called for each and must settle; `refresh` says that the former token was refused. */
  headers?: HeaderList | ((context: HeadersContext) => HeaderList | Promise<HeaderList>) | undefined;
  /** Cookies across origins, as for `fetch`. Default `same-origin`. */
  credentials?: 'omit' | 'same-origin' | 'include' | undefined;
  /** W3C trace context: the value of `traceparent` for each request. */
  traceparent?: string | (() => string | undefined) | undefined;
  /** Where to begin when no position is kept. */
  lastEventId?: string | undefined;
  /** Keeps the position, so that a reloaded page resumes: `storedIn(localStorage)` of `@headwater/client/storage`. */
  position?: Keeper | undefined;
  /** Tells the server what has been applied: `acks({ url, clientId })` of `@headwater/client/acks`. */
  ack?: Keeper | undefined;
  /** Where to go when a proxy holds the stream back: `syncFrom({ url })` of `@headwater/client/sync`. */
  sync?: Fallback | undefined;
  /** Makes an event's data of its text. Default: JSON where it is JSON, else the text as it is. */
  parse?: ((text: string, type: string) => unknown) | undefined;
  /** True adds nothing to the URL, and expects nothing of Headwater's: for any other server. Default false. */
  plain?: boolean | undefined;
  /**
   * What suits the network, for a measured round trip: `byNetwork()` of `@headwater/client/network`. Default: the heartbeat is left to the
   * server, and the client says that it is offline after 2 retries.
   */
  network?: ((rttMs: number) => NetworkProfile) | undefined;
  /** Longest random wait after the first failure, in milliseconds; doubled with each further one, up to 30 s. Default 1000. */
  backoffMs?: number | undefined;
  /** Time within which a request must be answered, in milliseconds. Default 30000. */
  answerMs?: number | undefined;
  /** Silence after which the stream is given up, in milliseconds. Default: three of the server's heartbeats. False is off. */
  silenceMs?: number | false | undefined;
  /** Time within which the stream must bring its first byte, in milliseconds. Default: none, or 5000 with `sync`. */
  firstByteMs?: number | undefined;
  /** Largest event, in characters; 16 times as much for what a reset holds back. Default 4 Mi. */
  maxEventChars?: number | undefined;
  /** Events that may wait for an iteration before the stream is read no further. Default 1000. */
  maxWaiting?: number | undefined;
  /** Whether an error ends the client. Default: any status but 408, 425, 429, 5xx and a first 401; an event that is too large. */
  isFinal?: ((error: ClientError) => boolean) | undefined;
  fetch?: typeof fetch | undefined;
  clock?: ClientClock | undefined;
  /** Uniform numbers in [0, 1). Default `Math.random`. */
  random?: (() => number) | undefined;
}

const DEFAULTS = {
  backoffMs: 1_000,
  // Longer than any proxy waits for a server.
  answerMs: 30_000,
  // A hub's own bound for an event is 1 MiB by default.
  maxEventChars: 4 * 2 ** 20,
  maxWaiting: 1_000,
  parse: parseJson as (text: string, type: string) => unknown,
  isFinal: isFinalError,
  clock: systemClock,
  random: Math.random,
  // Called without a receiver: a browser's fetch refuses any but its own.
  fetch: (...args: Parameters<typeof fetch>): Promise<Response> => fetch(...args),
};

/** Options with their defaults. */
export type Resolved = Omit<ConnectOptions, keyof typeof DEFAULTS> & {
  readonly [K in keyof typeof DEFAULTS]: Exclude<ConnectOptions[K], undefined>;
} & { readonly url: URL };

/** @throws TypeError for a URL that is none, RangeError for a wrong number. */
export function resolveOptions(url: string | URL, given: ConnectOptions): Resolved {
  const all: Record<string, unknown> = { ...DEFAULTS };
  for (const [name, value] of Object.entries(given)) {
    if (value === undefined) continue;
    if (/Ms$|^max/.test(name) && value !== false) checkNumber(name, value);
    all[name] = value;
  }
  // A request resolves relative URLs as `fetch` does, against the page's base.
  return { ...all, url: new URL(new Request(url).url) } as unknown as Resolved;
}

/** @throws RangeError for what is no number that a timer or a bound could be. */
export function checkNumber(name: string, value: unknown): void {
  if (typeof value === 'number' && value > 0 && value < 2 ** 31) return;
  throw new RangeError(`${name} must be above 0: ${value}`);
}

/** What `text` is as JSON, or itself where it is none. */
export function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}

/** What will be the same at the next attempt. */
function isFinalError({ code, status = 500 }: ClientError): boolean {
  return code === 'ERR_CLIENT_TOO_LARGE' || (status < 500 && ![408, 425, 429].includes(status));
}
