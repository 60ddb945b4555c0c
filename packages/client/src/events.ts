/** Types only: what arrives, by name. A hub's event map types the events of the application. */

/** Channel to event to data, as in `createHub<Map>()`. */
export type EventMap = Record<string, Record<string, unknown>>;

/** The event names of a map, of all its channels. */
export type EventName<Map> = { [Channel in keyof Map]: keyof Map[Channel] & string }[keyof Map] & string;

/** The data of one event, in whichever channels it occurs. */
export type DataOf<Map, Name> = {
  [Channel in keyof Map]: Name extends keyof Map[Channel] ? Map[Channel][Name] : never;
}[keyof Map];

/** One event. */
export interface Incoming<Name extends string = string, Data = unknown> {
  /** `message` where the server gave none. */
  readonly type: Name;
  /** Parsed as the option `parse` says: JSON where it is JSON, else the text. */
  readonly data: Data;
  /** The data as it was on the wire. */
  readonly text: string;
  /** The id from which a client would resume that has applied everything up to this event; '' before the first. */
  readonly id: string;
  /** The event's channel, where it is known: from the links of a Headwater stream, or because the stream has only one. */
  readonly channel: string | undefined;
}

/** Data of `sse.open`. */
export interface Open {
  readonly conn: string;
  readonly resume: 'fresh' | 'resumed' | 'reset';
  readonly channels: readonly string[];
  /** Milliseconds between heartbeats, 0 for none. */
  readonly heartbeatMs: number;
  readonly prev?: boolean;
}

/** Data of `sse.reset`: the state of these channels counts for nothing; what follows up to the next id repairs it. */
export interface Reset {
  readonly channels: readonly string[];
  readonly reason: 'epoch' | 'rollback' | 'trimmed' | 'malformed' | 'late' | 'lag';
}

/** Data of `sse.snapshot`: the whole state of a channel. */
export interface Snapshot<Data = unknown> {
  readonly channel: string;
  readonly data: Data;
}

/** Data of `sse.gap`: the channel's event before this one never came. */
export interface Gap {
  readonly channel: string;
  /** The newest place of the channel that is known here. */
  readonly known: number;
  /** The place of the event that is missing. */
  readonly missing: number;
  /** False: the client asks for it again from its last good id. True: the server no longer has it. */
  readonly isLost: boolean;
}

/** Events of the protocol and of the client itself, by name. */
export interface ControlEvents {
  'sse.open': Incoming<'sse.open', Open>;
  'sse.reset': Incoming<'sse.reset', Reset>;
  'sse.snapshot': Incoming<'sse.snapshot', Snapshot>;
  'sse.live': Incoming<'sse.live', { readonly channels: readonly string[] }>;
  'sse.ping': Incoming<'sse.ping', { readonly time?: number; readonly reason?: string }>;
  'sse.busy': Incoming<'sse.busy', { readonly retryMs: number; readonly reason: string }>;
  'sse.expiring': Incoming<'sse.expiring', { readonly at: number }>;
  'sse.bye': Incoming<'sse.bye', { readonly reason: string }>;
  'sse.gap': Incoming<'sse.gap', Gap>;
}

/** The event of that name: of the protocol, or of the map. */
export type EventOf<Map, Name extends string> = Name extends keyof ControlEvents
  ? ControlEvents[Name]
  : Incoming<Name, DataOf<Map, Name>>;

/** What concerns the state of an application: its own events, resets and what repairs them. */
export type StateEvent<Map> =
  | { [Name in EventName<Map>]: Incoming<Name, DataOf<Map, Name>> }[EventName<Map>]
  | ControlEvents['sse.reset' | 'sse.snapshot' | 'sse.live' | 'sse.gap'];
