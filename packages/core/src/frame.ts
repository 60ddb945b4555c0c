/**
 * Frames: a message as bytes, each line under the sentence of the standard that it obeys.
 * Source: WHATWG HTML, section 9.2 "Server-sent events". Pure. Everything here throws before a byte is made, or not at all.
 * The standard leaves the order of fields free. Ours: comments, `event`, `retry`, `data`, and `id` last. Popular clients count an id when
 * its line has come and the event not yet; the event of a connection that is cut in between would be lost to them.
 */
import { Buffer } from 'node:buffer';
import { SseError } from './errors.js';
import { formatEventId } from './event-id.js';
import { unlabel } from './labels.js';
import type { Message, Serializer } from './message.js';
import type { Entry } from './store.js';
import type { TraceContext } from './trace-context.js';

/** Lowest `retry` that may be sent, in milliseconds: browsers obey 0 and reconnect in a hot loop. */
export const MIN_RETRY_MS = 250;

/** Longest private id in bytes. Longer ones need a CORS preflight when a browser sends them back (Fetch, "CORS-safelisted request-header"). */
export const MAX_ID_BYTES = 128;

const ID_SHAPE = /^[A-Za-z0-9._~-]+$/;
const LF = 0x0a;
const LINE_BREAK = /\r\n|\r|\n/;

/** Events whose name starts with this belong to the protocol. */
export const CONTROL_PREFIX = 'sse.';

/**
 * The lines of `message` without id and blank line, each ended by LF.
 * @throws TypeError, RangeError for a wrong field. @throws SseError `ERR_SSE_SERIALIZE` where the serializer fails.
 */
export function encodeBody(message: Message, serialize: Serializer): string {
  const { comment, event, retry } = message;
  let body = '';
  // "comment = colon *any-char end-of-line"
  if (comment !== undefined) body += encodeComment(comment);
  // "If the field name is 'event': Set the event type buffer to field value."
  if (event !== undefined) body += `event: ${checkEvent(event)}\n`;
  // "If the field value consists of only ASCII digits, then interpret [it] as an integer in base ten"
  if (retry !== undefined) body += `retry: ${checkRetry(retry)}\n`;
  if (message.data !== undefined) {
    return body + encodeData(toText(message.data, serialize));
  }
  // "If the data buffer is an empty string, set the data buffer and the event type buffer to the empty string and return."
  if (event !== undefined)
    throw new TypeError(`Cannot send event "${event}" without data: clients ignore it. Write data: ''`);
  if (message.id !== undefined)
    throw new TypeError("Cannot send an id without data: many clients ignore it. Write data: ''");
  if (body === '') throw new TypeError('Cannot send an empty message: give it data, comment or retry');
  return body;
}

/** A comment's lines, one for each of the text's. */
export function encodeComment(comment: string): string {
  if (typeof comment !== 'string') throw new TypeError(`Comment must be a string, not ${typeof comment}`);
  if (comment === '') return ':\n';
  return `: ${splitLines(comment).join('\n: ')}\n`;
}

/** The `id:` line of a message of the application's own, '' without one. */
function encodeId(id: string | number | undefined): string {
  if (id === undefined) return '';
  const text = typeof id === 'number' && Number.isFinite(id) ? String(id) : id;
  // NUL, line breaks, spaces and bytes beyond ASCII cannot come back in a header: "If the field value does not contain U+0000 NULL, ..."
  if (typeof text !== 'string' || !ID_SHAPE.test(text)) {
    throw new TypeError(
      `Event id must be 1 to ${MAX_ID_BYTES} characters of A-Z a-z 0-9 . _ ~ -, not ${JSON.stringify(id)?.slice(0, 80)}`,
    );
  }
  if (text.length > MAX_ID_BYTES)
    throw new RangeError(`Event id must have at most ${MAX_ID_BYTES} bytes, not ${text.length}`);
  return `id: ${text}\n`;
}

/** A whole frame of the application's own. */
export function encodeMessage(message: Message, serialize: Serializer): string {
  const id = encodeId(message.id);
  const body = encodeBody(message, serialize);
  // A block without data dispatches nothing, so it needs no blank line; two popular clients would make an empty message of it.
  return message.data === undefined ? body : `${body}${id}\n`;
}

/** A control event. Without an id it moves no client's cursor. */
export function encodeControl(name: string, data: unknown, id?: string): string {
  return `event: ${CONTROL_PREFIX}${name}\ndata: ${JSON.stringify(data)}\n${id === undefined ? '' : `id: ${id}\n`}\n`;
}

/** An entry of the log as bytes. Shared by every connection and never modified. */
export interface Frame {
  readonly seq: number;
  readonly channel: string;
  /** The seq of the channel's previous entry, where the store knows it exactly. */
  readonly prev: number | undefined;
  /** Connections of other regions do not get it. */
  readonly region: string | undefined;
  /** Where in a trace it was published. */
  readonly trace: TraceContext | undefined;
  /** Milliseconds since 1970 by the publisher's clock: for measuring, never for order. */
  readonly time: number;
  /** The stored body, the id line, the blank line. */
  readonly bytes: Uint8Array;
}

/** The comment line that lets a client check that it missed nothing of the channel. */
export function encodeLink(frame: Frame): Uint8Array {
  return frame.prev === undefined ? NOTHING : Buffer.from(`: ${frame.channel} ${frame.prev}\n`, 'latin1');
}

/** The comment line that tells a client within which trace the event was published. */
export function encodeTrace({ trace }: Frame): Uint8Array {
  return trace === undefined ? NOTHING : Buffer.from(`: traceparent ${trace.traceparent}\n`, 'latin1');
}

export const NOTHING: Uint8Array = new Uint8Array(0);

/** A hub frame: the stored body, the id line, the blank line. */
export function encodeFrame(id: string, body: Uint8Array): Buffer {
  const tail = `id: ${id}\n\n`;
  const frame = Buffer.allocUnsafe(body.length + tail.length);
  frame.set(body);
  frame.write(tail, body.length, 'latin1');
  return frame;
}

/** The frame of an entry of the log. Its id uses the epoch in force at its place, which is the one it was stamped with. */
export function toFrame({ seq, epoch, channel, prev, time, body: stored }: Entry): Frame {
  const { region, trace, body } = unlabel(stored);
  return { seq, channel, prev, region, trace, time, bytes: encodeFrame(formatEventId(epoch, seq), body) };
}

/** The trace contexts of `frames`, undefined where there are none. */
export function tracesOf(frames: readonly Frame[]): readonly TraceContext[] | undefined {
  const traces = frames.flatMap(({ trace }) => trace ?? []);
  return traces.length > 0 ? traces : undefined;
}

/** A hub frame as an anonymous one: without its id it moves no cursor. A copy, because frames are shared. */
export function withoutId(frame: Uint8Array): Uint8Array {
  const idLine = frame.lastIndexOf(LF, -3) + 1;
  const anonymous = Buffer.from(frame.subarray(0, idLine + 1));
  anonymous[idLine] = LF;
  return anonymous;
}

/** Event type and data that a stored body carries, or a frame of it. */
export function decodeBody(body: Uint8Array): { event: string; data: string } {
  let event = 'message';
  const data: string[] = [];
  for (const line of Buffer.from(body.buffer, body.byteOffset, body.byteLength).toString('utf8').split('\n')) {
    if (line.startsWith('data: ')) data.push(line.slice(6));
    else if (line.startsWith('event: ')) event = line.slice(7);
  }
  return { event, data: data.join('\n') };
}

/** Throws where `event` cannot be an event type. */
function checkEvent(event: unknown): string {
  if (typeof event !== 'string') throw new TypeError(`Event type must be a string, not ${typeof event}`);
  if (/[\r\n]/.test(event))
    throw new TypeError(`Event type must not contain a line break: ${JSON.stringify(event.slice(0, 80))}`);
  return event;
}

export function checkRetry(retry: unknown): number {
  if (typeof retry !== 'number' || !Number.isSafeInteger(retry) || retry < MIN_RETRY_MS) {
    throw new RangeError(`retry must be an integer of at least ${MIN_RETRY_MS} milliseconds, not ${String(retry)}`);
  }
  return retry;
}

function encodeData(text: string): string {
  // A fast way for the usual case: one line.
  if (!text.includes('\n') && !text.includes('\r')) return `data: ${text}\n`;
  // "Append the field value to the data buffer, then append a single U+000A LINE FEED (LF) character to the data buffer."
  return `data: ${splitLines(text).join('\ndata: ')}\n`;
}

// "The stream must be parsed by reading everything line by line, with a CRLF pair, a single LF, [or] a single CR [...] being the ways in which a line can end."
function splitLines(text: string): string[] {
  return text.split(LINE_BREAK);
}

function toText(data: unknown, serialize: Serializer): string {
  if (typeof data === 'string') return data;
  if (data instanceof Uint8Array) {
    throw new TypeError(
      'Cannot send bytes as data: event streams are text. Decode them, or write data: bytes.toString("base64")',
    );
  }
  let text: unknown;
  try {
    text = serialize(data);
  } catch (cause) {
    throw new SseError(
      'ERR_SSE_SERIALIZE',
      `Cannot serialize data of type ${typeof data}: ${(cause as Error)?.message ?? cause}`,
      { cause },
    );
  }
  if (typeof text !== 'string') {
    throw new SseError(
      'ERR_SSE_SERIALIZE',
      `Cannot serialize data of type ${typeof data}: the serializer returned ${typeof text}, not a string`,
    );
  }
  return text;
}
