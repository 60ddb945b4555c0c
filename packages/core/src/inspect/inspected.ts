/** What a look at a hub shows. */
import type { ResetReason } from '../reset.js';
import type { StoreSupports } from '../store.js';

/** An open stream. */
export interface InspectedConnection {
  readonly id: string;
  readonly address: string | undefined;
  readonly tls: string | undefined;
  readonly route: string | undefined;
  readonly principal: string | undefined;
  readonly clientId: string | undefined;
  readonly channels: readonly string[];
  readonly isLive: boolean;
  /** Places between it and the newest event. */
  readonly behind: number;
  readonly pendingBytes: number;
  readonly ageMs: number;
  readonly events: number;
  readonly bytes: number;
}

/** Which connections are wanted. */
export interface ConnectionsQuery {
  /** How many to leave out first. Default 0. */
  readonly offset?: number | undefined;
  /** At most so many. Default 100. */
  readonly limit?: number | undefined;
  /** A part of the id, the address, the route, the principal, the client id or a channel. */
  readonly find?: string | undefined;
  /** True: only those that are not live, or for whom bytes wait. */
  readonly onlyBehind?: boolean | undefined;
}

/** Some of the connections, the oldest first. */
export interface InspectedConnections {
  /** How many there are of those that are wanted. */
  readonly total: number;
  /** True where not all could be looked at: with `find` or `onlyBehind`, the oldest 20,000 are. */
  readonly isPartial: boolean;
  readonly connections: readonly InspectedConnection[];
}

/** A channel that somebody follows, or of which this process holds events in memory. */
export interface InspectedChannel {
  readonly name: string;
  readonly followers: number;
  /** The place up to which history was trimmed, 0 for none of it; undefined while the store cannot tell. */
  readonly floor: number | undefined;
  /** The newest event of those in memory, undefined where there is none. */
  readonly head: { readonly id: string; readonly seq: number; readonly time: number } | undefined;
  /** Events in memory. */
  readonly inMemory: number;
}

/** An event of a channel. */
export interface InspectedEvent {
  readonly id: string;
  readonly seq: number;
  readonly event: string;
  /** As on the wire. */
  readonly data: string;
  /** Milliseconds since 1970, by the publisher's clock. */
  readonly time: number;
  readonly bytes: number;
}

/** The store as this process sees it. */
export interface InspectedStore {
  readonly isReachable: boolean;
  /** Why not, and what failed last. */
  readonly failure: string | undefined;
  /** The store's own head, and how long it took to tell; undefined where it did not. */
  readonly head: number | undefined;
  readonly answerMs: number | undefined;
  /** The newest place that this process has seen. */
  readonly seen: number;
  /** The places below are not in memory. */
  readonly memoryFrom: number;
  readonly supports: StoreSupports;
}

/** What a client would get that comes with this id. */
export interface InspectedResume {
  /** `resumed`: exactly what it missed. `reset`: history is gone. */
  readonly outcome: 'resumed' | 'reset';
  readonly reason: ResetReason | undefined;
  /** The place that the id says, where it is an id. */
  readonly seq: number | undefined;
  /** The newest place. */
  readonly head: number;
  readonly headId: string;
  readonly floors: readonly { readonly channel: string; readonly floor: number; readonly isTrimmed: boolean }[];
  /** Events that would be replayed: after the id, or after a reset all that are retained. Filters are not asked. */
  readonly events: number;
  /** True where there are more than were counted. */
  readonly isAtLeast: boolean;
  /** True where this process still holds all of them, also those that retention has dropped meanwhile. */
  readonly isInMemory: boolean;
}
