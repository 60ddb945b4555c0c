/**
 * EventReader: the bytes of one response body, in slices of any size, into a `Received`. One reader per response.
 * Source of the rules: WHATWG HTML, section 9.2.6 "Interpreting an event stream".
 */
import { createParser, type EventSourceParser } from 'eventsource-parser';
import { type Received, receivedEvent } from './received.js';

export class EventReader {
  // "Streams must be decoded using the UTF-8 decode algorithm", which also strips one byte order mark.
  readonly #decoder = new TextDecoder();
  readonly #parser: EventSourceParser;
  #endsWithCr = false;

  constructor(into: Received) {
    this.#parser = createParser({
      onEvent: ({ event, data, id }) => {
        if (id !== undefined) into.lastEventId = id;
        into.events.push(receivedEvent(event ?? 'message', data, id ?? '', into.lastEventId));
      },
      onComment: (comment) => void into.comments.push(comment),
      onRetry: (retry) => {
        into.retry = retry;
      },
    });
  }

  push(bytes: Uint8Array): void {
    this.#feed(this.#decoder.decode(bytes, { stream: true }));
  }

  /** The body is complete. "Once the end of the file is reached, any pending data must be discarded." */
  end(): void {
    this.#feed(this.#decoder.decode());
    // The parser holds a final CR back, since LF could follow. Now nothing follows: LF makes it the one line end that it is.
    if (this.#endsWithCr) this.#parser.feed('\n');
  }

  #feed(text: string): void {
    if (text === '') return;
    this.#endsWithCr = text.endsWith('\r');
    this.#parser.feed(text);
  }
}
