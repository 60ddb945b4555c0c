/** The Sink and Transport contracts: where bytes go, and how a stream comes to be. `core/node` implements both for node:http. */
import type { Batch } from './batch.js';

/** What a sink tells its connection. Both may be called from within `write`. */
export interface SinkEvents {
  /** Everything that was waiting has left. Called after `pendingBytes` had risen above 0. */
  drained(): void;
  /** The stream is over, whoever ended it. Called once; nothing may be written afterwards. */
  gone(): void;
}

/**
 * A stream that has been opened (headers and first bytes are on their way).
 * Implementers MUST NOT throw, MUST keep the order of writes, MUST treat a batch's bytes as shared and frozen, and MUST NOT hold
 * a timer. All sinks put the same events on the wire.
 */
export interface Sink {
  /** Bytes that were written and have not yet been taken by the operating system. */
  readonly pendingBytes: number;
  /** Takes the batch whole. False, with nothing written, if the stream is over: someone else ended or destroyed the response. */
  write(batch: Batch): boolean;
  /** Ends the stream after what was written. `disconnect` also gives up the underlying connection instead of keeping it alive. */
  end(disconnect: boolean): void;
  /** Gives the stream up at once, dropping what is pending. */
  destroy(): void;
}

/** What the first bytes of a stream are made of. */
export interface StreamInit {
  /** HTTP status. Default: the response's own, 200 if nobody set it. */
  readonly status?: number | undefined;
  /** Replaces a default or earlier header; `undefined` removes it. */
  readonly headers?: Readonly<Record<string, string | readonly string[] | undefined>> | undefined;
  /** First bytes of the body. */
  readonly prelude: Batch;
  /** Becomes the headers `traceparent` and, for browsers, `server-timing`; what stands in the latter already stays. */
  readonly traceparent?: string | undefined;
}

/** What the client asked for, besides its channels. Validated by the hub, never trusted. */
export interface Wishes {
  /** Seconds between heartbeats, as in `?heartbeat=30`. */
  readonly heartbeatSeconds?: number | undefined;
  /** `?heartbeat=event` (or `30,event`): heartbeats as `sse.ping` events with id and data instead of comments. */
  readonly heartbeatEvent?: boolean | undefined;
  /** `?prev=1`: each hub frame starts with the comment `: <channel> <prev>`. */
  readonly prev?: boolean | undefined;
  /** `?refusal=status`: the client can take a 503 with Retry-After instead of 200, `retry:` and the end. */
  readonly refusalByStatus?: boolean | undefined;
}

/** One request and its response as the core sees them. Made lazily by an adapter; every getter may be read more than once. */
export interface Transport {
  /** The framework's request, handed to the user's callbacks as it is. */
  readonly request: unknown;
  /** Last-Event-ID as the client sent it (header first, then query), unread and untrusted. */
  readonly lastEventId: string | undefined;
  readonly wishes: Wishes;
  /** The `Origin` header, of requests that have one. */
  readonly origin?: string | undefined;
  /** Whom the limit per client counts, the address by default. */
  readonly clientKey: string | undefined;
  /** False once the client has gone or the response is over. */
  readonly isAlive: boolean;
  /** False once the server that took the request has been told to close: the stream must not keep it. */
  readonly isServing?: boolean | undefined;
  /** True for HEAD: headers are answered, and the stream ends at once. */
  readonly isHead: boolean;
  /** Calls `gone` once when the client goes away before `open`. After `open` the sink reports. */
  watch(gone: () => void): void;
  /** Sends status, headers and first bytes now. Throws an `SseError` where that is not possible, with nothing sent. */
  open(init: StreamInit, events: SinkEvents): Sink;
  /** Answers a temporary refusal by status (503 with Retry-After) instead of a stream. */
  refuse(retryAfterSeconds: number): void;
  /** Hands over an error from before the headers that nobody awaits, for the framework's own error handling. */
  fail(error: unknown): void;
}
