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
 * @param comment Called for every comment.
 */
export function frameReader(
  maxChars: number,
  take: (frame: Frame) => void,
  comment: (text: string) => void,
  retry: (ms: number) => void,
): (bytes: Uint8Array) => void {
  const decoder = new TextDecoder();
  let link: Link | undefined;
  const parser = createParser({
    maxBufferSize: maxChars,
    onEvent({ id, event = 'message', data }) {
      take({ type: event, text: data, id, link });
      link = undefined;
    },
    onComment(text) {
      link = parseLink(text) ?? link;
      comment(text);
    },
    onRetry: retry,
    onError({ type }) {
      // Unknown fields and bad retry lines are ignored.
      if (type === 'max-buffer-size-exceeded') throw new ClientError('ERR_CLIENT_TOO_LARGE', 'Too large');
    },
  });
  // The parser would wait after a CR, which may be half of a CRLF: it is given LF alone. The character before tells which LF is
  // the other half.
  let text = ' ';
  return (bytes) => {
    text = text.slice(-1) + decoder.decode(bytes, { stream: true });
    parser.feed(text.replace(/\r\n?/g, '\n').slice(1));
  };
}
