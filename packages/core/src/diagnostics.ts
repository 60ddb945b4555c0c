/**
 * Diagnostics: what observers are told, on channels of `node:diagnostics_channel`, for tools that the application does not wire up
 * itself. Nothing is made for a channel without subscribers.
 */
import { type Channel, channel } from 'node:diagnostics_channel';
import type { Connection } from './connection.js';
import type { Hub } from './hub.js';
import type { Denial, ErrorSource, Observer, Told } from './observer.js';

type Arguments<Member extends Told> = Parameters<NonNullable<Observer[Member]>>;
type Of<Member extends Told> = { readonly hub: Hub; readonly connection: Connection } & Readonly<Arguments<Member>[1]>;
type OfHub<Member extends Told> = { readonly hub: Hub } & Readonly<Arguments<Member>[0]>;

/**
 * The channels and their messages. Each is published in the turn in which it happens: subscribers return quickly, and what they
 * throw is an uncaught exception, as with every channel of Node.
 * @example
 * subscribe('headwater:connection:close', (message) => {
 *   const { connection, reason } = message as DiagnosticsMessages['headwater:connection:close'];
 *   console.log(connection.id, reason);
 * });
 */
export interface DiagnosticsMessages {
  /** A stream is asked for. */
  'headwater:connection:connect': { readonly hub: Hub; readonly connection: Connection };
  /** `authorize` has allowed the connection its channels. */
  'headwater:connection:authorize': { readonly hub: Hub; readonly connection: Connection };
  /** What was asked for has ended before a stream was opened: `reason`, `detail`. */
  'headwater:connection:abandon': Of<'abandoned'>;
  /** A stream's headers have left. */
  'headwater:connection:open': { readonly hub: Hub; readonly connection: Connection };
  /** A stream ended: `reason`, `detail`, `durationMs`. */
  'headwater:connection:close': Of<'closed'>;
  /** A stream was refused for now: `why`. */
  'headwater:connection:refuse': { readonly hub: Hub; readonly connection: Connection; readonly why: string };
  /** Somebody was kept from something for good. `connection` and `request` where there are any. */
  'headwater:connection:deny': { readonly hub: Hub } & Denial;
  /** A subscription has found its place: `resume`, `behind`. */
  'headwater:connection:resume': Of<'resumed'>;
  /** History was gone, or was skipped: `reason`, `channels`, `policies`. */
  'headwater:connection:reset': Of<'reset'>;
  /** The connection left the live set: its sink has no room. */
  'headwater:connection:lag': { readonly hub: Hub; readonly connection: Connection };
  /** The connection has got a part of its history: `frames`, `bytes`. */
  'headwater:connection:replay': Of<'replayed'>;
  /** The connection has caught up. */
  'headwater:connection:live': { readonly hub: Hub; readonly connection: Connection };
  /** A message was stored: `channel`, `id`, `bytes`, `duplicate`. */
  'headwater:message:publish': OfHub<'published'>;
  /** A flush is done: as `Observer.flushed`. */
  'headwater:hub:flush': OfHub<'flushed'>;
  /** A snapshot was asked for: `channel`, `from`, `found`, `failed`, `durationMs`. */
  'headwater:hub:snapshot': OfHub<'snapshot'>;
  /** The store's tail left something out, or stood still. */
  'headwater:store:refill': { readonly hub: Hub };
  /** The store's log went back: `head`. */
  'headwater:store:rollback': OfHub<'rolledBack'>;
  /** Something failed that no caller could be told of. */
  'headwater:error': {
    readonly hub: Hub;
    readonly error: unknown;
    readonly source: ErrorSource;
    readonly connection: Connection | undefined;
  };
}

interface Point<Member extends Told> {
  readonly channel: Channel;
  /** What the observers are given, by name. */
  readonly fields: (...args: Arguments<Member>) => object;
}

function point<Member extends Told>(name: keyof DiagnosticsMessages, fields: Point<Member>['fields']): Point<Member> {
  return { channel: channel(name), fields };
}

const ofConnection = (connection: Connection, rest?: object) => ({ connection, ...rest });
const ofHub = (rest?: object) => ({ ...rest });

/** Held here for good: Node forgets channels that nobody holds. */
const POINTS: { readonly [Member in Told]: Point<Member> } = {
  connecting: point('headwater:connection:connect', ofConnection),
  authorized: point('headwater:connection:authorize', ofConnection),
  abandoned: point('headwater:connection:abandon', ofConnection),
  opened: point('headwater:connection:open', ofConnection),
  closed: point('headwater:connection:close', ofConnection),
  refused: point('headwater:connection:refuse', (connection, why) => ({ connection, why })),
  denied: point('headwater:connection:deny', ofHub),
  resumed: point('headwater:connection:resume', ofConnection),
  reset: point('headwater:connection:reset', ofConnection),
  lagged: point('headwater:connection:lag', ofConnection),
  replayed: point('headwater:connection:replay', ofConnection),
  live: point('headwater:connection:live', ofConnection),
  published: point('headwater:message:publish', ofHub),
  flushed: point('headwater:hub:flush', ofHub),
  snapshot: point('headwater:hub:snapshot', ofHub),
  refilled: point('headwater:store:refill', ofHub),
  rolledBack: point('headwater:store:rollback', ofHub),
  error: point('headwater:error', (error, source, connection) => ({ error, source, connection })),
};

/** True while somebody subscribes to the channel of `member`. */
export function isDiagnosed(member: Told): boolean {
  return POINTS[member].channel.hasSubscribers;
}

/** Publishes what the observers of `member` are given. */
export function diagnose<Member extends Told>(hub: Hub, member: Member, args: Arguments<Member>): void {
  const { channel, fields } = POINTS[member];
  channel.publish({ hub, ...fields(...args) });
}
