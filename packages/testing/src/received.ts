/**
 * What a client has received: the events, and what else of a stream is visible. Events are never changed after they were made.
 */

/**
 * One event, as a browser's `EventSource` would dispatch it.
 * @example
 * const [event] = parseEvents('event: story\ndata: {"n":1}\nid: 7\n\n');
 * event.event; // 'story'
 * event.json<{ n: number }>().n; // 1
 */
export interface ReceivedEvent {
  /** The event type, `message` where the stream names none. */
  readonly event: string;
  /** The data lines, joined by LF. */
  readonly data: string;
  /** The id of this block, '' if it has none. */
  readonly id: string;
  /** The id a client would send back after this event: this block's, or else the last one before it. */
  readonly lastEventId: string;
  /** `data` parsed as JSON. Throws a `SyntaxError` that shows the data. */
  json<T = unknown>(): T;
}

/** Everything that a reader has found so far. Only the reader writes into it. */
export interface Received {
  readonly events: ReceivedEvent[];
  readonly comments: string[];
  retry: number | undefined;
  lastEventId: string;
}

export function nothingReceived(lastEventId = ''): Received {
  return { events: [], comments: [], retry: undefined, lastEventId };
}

// A class, so that a client of many thousand events holds no closure for each.
class ParsedEvent implements ReceivedEvent {
  readonly event: string;
  readonly data: string;
  readonly id: string;
  readonly lastEventId: string;

  constructor(event: string, data: string, id: string, lastEventId: string) {
    this.event = event;
    this.data = data;
    this.id = id;
    this.lastEventId = lastEventId;
  }

  json<T = unknown>(): T {
    try {
      return JSON.parse(this.data) as T;
    } catch (cause) {
      const text = `Cannot parse the data of event "${this.event}" as JSON: ${JSON.stringify(this.data.slice(0, 200))}`;
      throw new SyntaxError(text, { cause });
    }
  }
}

export function receivedEvent(event: string, data: string, id: string, lastEventId: string): ReceivedEvent {
  return new ParsedEvent(event, data, id, lastEventId);
}
