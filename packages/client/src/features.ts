/** Features: what can be added to a client. They live in entries of their own, so that who does not use them does not load them. */
import type { ClientClock } from './clock.js';
import type { Frame } from './frames.js';
import type { Line } from './line.js';
import type { Position } from './position.js';
import type { State } from './status.js';

/** What a feature may ask of the client. */
export interface Host {
  /** The stream's. */
  readonly url: URL;
  readonly clock: ClientClock;
  readonly random: () => number;
  /** Time within which a request must be answered, in milliseconds. */
  readonly answerMs: number;
  /** Asks with the client's own headers and credentials. */
  request(
    url: URL,
    init?: { readonly method?: string; readonly keepalive?: boolean; readonly signal?: AbortSignal },
  ): Promise<Response>;
  /** The newest place that has been delivered, and the channels that the server has announced. */
  readonly position: { readonly id: string; readonly channels: readonly string[] };
  /** Up to here everything has been applied. */
  applied(): string;
  /** An error that the client goes on after. */
  failed(error: unknown): void;
}

/** A feature at work. */
export interface Keeping {
  /** The position to begin at, '' for none. */
  load?(): string | Promise<string>;
  /** An event has been applied, or the position has moved without one. */
  moved(): void;
  /** The client ends, or its page is put away. Leaves no timer. */
  stop?(): void;
}

/** Keeps the position somewhere. */
export interface Keeper {
  /** Put into the stream's query, so that the server resumes this client without an id. */
  readonly clientId?: string;
  start(host: Host): Keeping;
}

/** A frame whose channel is known otherwise than by its link. */
export type Arrived = Frame & { readonly channel?: string };

/** What a fallback may ask of the client besides. */
export interface FallbackHost extends Host {
  readonly position: Position;
  readonly line: Line;
  state(state: State): void;
  /** Resolves when there is room for more; undefined where there is. */
  room(): Promise<void> | undefined;
  pause(ms: number): Promise<void>;
}

/** Stands in while a stream does not come through. Resolves when it is time to try the stream again. */
export type Fallback = (host: FallbackHost, signal: AbortSignal) => Promise<void>;

/** Seconds between the heartbeats to ask for, and how many attempts may fail before the client says that it is offline. */
export type NetworkProfile = readonly [heartbeatSeconds: number | undefined, retries: number];
