/** What a client is to the tests: a way to connect it that tells what comes, and what is known of it. */

export interface ConnectOptions {
  /** Event types to listen for, where a client has to be told. */
  readonly types: readonly string[];
  readonly headers: Readonly<Record<string, string>>;
}

/** What a client tells while it follows a stream. */
export interface Tell {
  event(type: string, data: string, id: string): void;
  opened(): void;
  failed(): void;
  /** It has given up and will not come back. */
  over(): void;
}

export interface Client {
  readonly name: string;
  readonly traits: Traits;
  /** Connects, with the client's own defaults. Returns its close(). */
  connect(url: string, options: ConnectOptions, tell: Tell): () => void;
}

/** What one client does otherwise than another. Every one is asserted: the day that it changes a test says so. */
export interface Traits {
  /** Of {@link REFUSALS}: those after which it asks again. After the others it has given up. */
  readonly asksAgainAfter: readonly Refused[];
  /** It closes by itself at `sse.bye`. */
  readonly knowsBye: boolean;
  /** It waits as long as `retry` says. */
  readonly obeysRetry: boolean;
  /** It can send headers of the application's own. */
  readonly sendsHeaders: boolean;
  /** It says that an event of a later block has the id of an earlier one. */
  readonly remembersId: boolean;
  /** An id in a block without data counts. */
  readonly takesIdWithoutData: boolean;
  /** An id counts as soon as its line has come: a cut between that and the blank line loses the event. */
  readonly takesIdEarly: boolean;
  /** A block without data, of a comment or `retry` say, makes an empty message. */
  readonly makesEmptyMessages: boolean;
  /** Only the last `data` line of an event counts. */
  readonly takesLastLineOnly: boolean;
  /** It takes `TEXT/EVENT-STREAM` for what it is. */
  readonly ignoresCaseOfType: boolean;
  /** It asks for compressed streams, or takes them when it gets them. */
  readonly decompresses: boolean;
}

/** Ways to be refused: statuses, and an HTML page that says 200. */
export const REFUSALS = [204, 401, 404, 429, 500, 502, 503, 504, 'html'] as const;

export type Refused = (typeof REFUSALS)[number];

/** As the standard has it. */
export const STANDARD: Traits = {
  asksAgainAfter: [],
  knowsBye: false,
  obeysRetry: true,
  sendsHeaders: true,
  remembersId: true,
  takesIdWithoutData: true,
  takesIdEarly: false,
  makesEmptyMessages: false,
  takesLastLineOnly: false,
  ignoresCaseOfType: true,
  decompresses: true,
};
