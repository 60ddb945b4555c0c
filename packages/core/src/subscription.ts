/** What a connection wants of one channel. */
import { checkChannel } from './channel.js';
import { checkClientId } from './client-cursors.js';
import type { LagPolicy, Policy } from './reset.js';

/** An event as a filter sees it. */
export interface FilterEvent {
  readonly id: string;
  readonly channel: string;
  readonly event: string;
  /** As on the wire; parse it where needed. */
  readonly data: string;
}

/** True for events that this connection may have. One that throws withholds the event, and the error is reported. */
export type Filter = (event: FilterEvent) => boolean;

/** Options of `subscribe`. */
export interface SubscribeOptions {
  /**
   * Where a client without Last-Event-ID begins: `now` (default), `earliest` (everything that is retained), or after an EventId
   * that the application kept. An EventId is a place in the log, so it counts for all channels of the connection, as if the client
   * had sent it.
   */
  from?: 'now' | 'earliest' | (string & {}) | undefined;
  /**
   * Names the client, 1 to 128 characters of printable ASCII without spaces. The store then remembers for 7 days how far it has
   * come, by its Last-Event-ID and by acks (`hub.ack`), and resumes it there where it comes without an id (a reloaded page, a
   * restarted app). Counts together with `connection.principal` and the set of channels. One value per connection, before its first frame.
   */
  clientId?: string | undefined;
  /** Withholds events from this connection. */
  filter?: Filter | undefined;
  /** What happens when this connection is too slow for the live set. Default `replay`: it pages through history until it has caught up. */
  onLag?: LagPolicy | undefined;
  /** How a reset is repaired. Default: `snapshot` where there is one, else `earliest`. */
  onReset?: Policy | undefined;
  /** False leaves every `sse.*` event out, for clients that accept nothing but their own messages. Default true. One value per connection. */
  control?: boolean | undefined;
  /**
   * True puts the comment line `: traceparent <value>` before each event that was published within a trace, for clients that link to it.
   * It counts for the whole connection. Default false: traces are the server's own affair.
   */
  trace?: boolean | undefined;
}

export interface Subscription {
  readonly channel: string;
  readonly from: string;
  readonly filter: Filter | undefined;
  readonly onLag: LagPolicy;
  readonly onReset: Policy | undefined;
  readonly trace: boolean;
  /** Entries at or below this place are not due. */
  readonly start: number;
}

const LAG: readonly unknown[] = ['replay', 'skip', 'disconnect'];
const RESET: readonly unknown[] = [undefined, 'snapshot', 'earliest', 'live', 'reject'];

/** @throws TypeError, RangeError for a wrong channel or option. */
export function toSubscriptions(channels: readonly string[], options: SubscribeOptions): Subscription[] {
  const { from = 'now', filter, onLag = 'replay', onReset, control = true, trace = false } = options;
  if (typeof from !== 'string') throw new TypeError(`from must be 'now', 'earliest' or an EventId, not ${typeof from}`);
  if (filter !== undefined && typeof filter !== 'function')
    throw new TypeError(`filter must be a function, not ${typeof filter}`);
  if (!LAG.includes(onLag)) throw new TypeError(`onLag must be 'replay', 'skip' or 'disconnect', not ${String(onLag)}`);
  if (!RESET.includes(onReset)) {
    throw new TypeError(`onReset must be 'snapshot', 'earliest', 'live' or 'reject', not ${String(onReset)}`);
  }
  if (typeof control !== 'boolean') throw new TypeError(`control must be a boolean, not ${typeof control}`);
  if (typeof trace !== 'boolean') throw new TypeError(`trace must be a boolean, not ${typeof trace}`);
  if (!control && onReset === 'snapshot') {
    throw new TypeError("onReset: 'snapshot' needs control events: with control: false choose 'earliest' or 'live'");
  }
  if (options.clientId !== undefined) checkClientId(options.clientId);
  if (channels.length === 0) throw new TypeError('Cannot subscribe to nothing: name at least one channel');
  return channels.map((channel) => ({ channel: checkChannel(channel), from, filter, onLag, onReset, trace, start: 0 }));
}
