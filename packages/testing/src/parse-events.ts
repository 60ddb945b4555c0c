/** parseEvents: the events of a body that is complete. Pure. */
import { Buffer } from 'node:buffer';
import { EventReader } from './reader.js';
import { nothingReceived, type ReceivedEvent } from './received.js';

/**
 * The events that a browser's `EventSource` would dispatch for this body. A last block without its blank line is none (WHATWG
 * HTML, section 9.2.6). As in most clients, the id of a block without data counts for nothing.
 * @param body The whole body, as text or as UTF-8.
 * @example
 * const response = await app.inject('/news');
 * const events = parseEvents(response.payload);
 * events.map((event) => event.data); // ['first', 'second']
 */
export function parseEvents(body: string | Uint8Array): ReceivedEvent[] {
  const received = nothingReceived();
  const reader = new EventReader(received);
  reader.push(typeof body === 'string' ? Buffer.from(body) : body);
  reader.end();
  return received.events;
}
