/** connect(): the client as its user sees it. */
import type { ClientError } from './errors.js';
import type { ControlEvents, EventMap, EventName, EventOf, StateEvent } from './events.js';
import { createListeners } from './listeners.js';
import { type ConnectOptions, type Resolved, resolveOptions } from './options.js';
import { createReading } from './reading.js';
import { createSession, type Ended, type Session, type SessionListener } from './session.js';
import type { Status } from './status.js';

/** What a listener gets: an event of the map, of the protocol, an error that did not end the client, or a change of the status. */
export type Heard<Map, Name extends string> = Name extends 'sse.error'
  ? ClientError
  : Name extends 'sse.status'
    ? Status
    : EventOf<Map, Name>;

/** What can be listened for. */
export type HeardName<Map> = EventName<Map> | keyof ControlEvents | 'sse.error' | 'sse.status';

/**
 * A stream that is kept up. Iterating it yields what concerns the state of an application: its events, resets and what repairs them;
 * it ends with the client, and throws the error that ended it. One iteration at a time; a slow one slows the stream, and
 * leaving it closes nothing.
 */
export interface EventStream<Map = EventMap> extends AsyncIterable<StateEvent<Map>> {
  /** Calls `listener` for each event of that name. Returns the function that removes it. */
  on<Name extends HeardName<Map>>(name: Name, listener: (event: Heard<Map, Name>) => void): () => void;
  readonly status: Status;
  /** The id from which the client would resume ('' for nowhere), and the channels that the server has announced. */
  readonly position: { readonly id: string; readonly channels: readonly string[] };
  /** Resolves when the client has ended. Never rejects. */
  readonly closed: Promise<Ended>;
  /** Ends the client for good, and leaves no timer, listener or request. Safe to call again. */
  close(): void;
}

/**
 * Connects to a stream, and keeps the connection up until `close()`, until the server says that there is nothing to come back for,
 * or until an error that cannot get better. The first request is made in a later turn, so listeners added at once miss nothing.
 * @param url Relative ones are resolved against the page's.
 * @throws TypeError, RangeError for wrong options.
 * @example
 * const stream = connect<{ news: { story: Story } }>('/news');
 * stream.on('story', ({ data }) => show(data));
 * stream.on('sse.status', ({ state }) => badge(state));
 */
export function connect<Map extends object = EventMap>(
  url: string | URL,
  options: ConnectOptions = {},
): EventStream<Map> {
  const resolved = resolveOptions(url, options);
  return createStream(resolved, (listener) => createSession(resolved, listener));
}

/** @internal The stream over a session, which must not begin anything within `create`. */
export function createStream<Map extends object>(
  { maxWaiting }: Resolved,
  create: (listener: SessionListener) => Session,
): EventStream<Map> {
  const listeners = createListeners();
  const reading = createReading(maxWaiting, () => session.applied());
  let before: string | undefined;
  const session = create({
    event(event) {
      if (!/^sse\.(?!reset|snapshot|live|gap)/.test(event.type)) reading.push(event, before ?? session.begunAt);
      before = event.id;
      listeners.emit(event.type, event);
    },
    status: (status) => listeners.emit('sse.status', status),
    error: (error) => listeners.emit('sse.error', error),
    room: reading.room,
    applied: () => reading.oldest() ?? session.position.id,
    ended({ error }) {
      reading.end(error);
      listeners.clear();
    },
  });
  return Object.assign(session, {
    on: listeners.add,
    [Symbol.asyncIterator]: reading.open,
  }) as unknown as EventStream<Map>;
}
