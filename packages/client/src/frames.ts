/** Frames: bytes as events, with the link in front of each. Decoding replaces what is no UTF-8, as the standard asks for. */
import { createParser } from 'eventsource-parser';
import { ClientError } from './errors.js';
import { type Link, parseLink } from './position.js';

/** One event as it was on the wire. */
export interface Frame {
  readonly type: string;
  readonly text: string;
  readonly id: string | undefined;
  readonly link: Link | undefined;
}

/**
 * A reader for the bytes of one stream.
 * @param maxChars Bounds what is kept of an event that is not complete.
 * @param comment Called for a comment that is no link: a heartbeat, say.
 */
export function frameReader(
  maxChars: number,
  take: (frame: Frame) => void,
  comment: () => void,
  retry: (ms: number) => void,
): (bytes: Uint8Array) => void {
  const decoder = new TextDecoder();
  let link: Link | undefined;
  const parser = createParser({
    maxBufferSize: maxChars,
    onEvent({ id, event = 'message', data }) {
      const frame = { type: event, text: data, id, link };
      link = undefined;
      take(frame);
    },
    onComment(text) {
      const found = parseLink(text);
      if (found) link = found;
      else comment();
    },
    onRetry: retry,
    onError({ type }) {
      // Unknown fields and bad retry lines are ignored.
      if (type === 'max-buffer-size-exceeded') throw new ClientError('ERR_CLIENT_TOO_LARGE', 'Too large');
    },
  });
  return (bytes) => parser.feed(decoder.decode(bytes, { stream: true }));
}
