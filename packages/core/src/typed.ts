/** Types only: which events, with which data, a hub's channels carry. */
import type { Message, Sendable } from './message.js';

/** Channel name to event name to data. Template literals work: `{ [name: `user:${string}`]: { mail: Mail } }`. */
export type EventMap = Record<string, Record<string, unknown>>;

/** The events of one channel. */
export type EventsOf<Map, Name> = Name extends keyof Map ? Map[Name] : Record<string, unknown>;

/** What may be published: one of the channel's events with its data; `message` is the event without a name. */
export type Publishable<Events> = string extends keyof Events
  ? Sendable
  : {
      [Name in keyof Events & string]:
        | (Name extends 'message'
            ? Omit<Message<Events[Name], 'message'>, 'id' | 'data'> & { data: Events[Name] }
            : never)
        | (Omit<Message<Events[Name], Name>, 'id' | 'data' | 'event'> & { event: Name; data: Events[Name] })
        | (Name extends 'message' ? Extract<Events[Name], string> : never);
    }[keyof Events & string];

/** The channel names of a map. */
export type NameOf<Map> = keyof Map & string;
