/** Message: what a user sends. This file decides what counts as one; `frame.ts` turns it into bytes. */

/** One event, comment or retry hint. At least one field is required; `event` and `id` need `data`, because clients ignore them without. */
export interface Message<Data = unknown, Event extends string = string> {
  /** A string goes out as it is, anything else through the serializer (`JSON.stringify` by default). */
  data?: Data;
  /** Event type; clients see `message` where it is absent. No line breaks. */
  event?: Event;
  /** Private id of the application, 1 to 128 bytes of `[A-Za-z0-9._~-]`. A finite number is written in decimal. */
  id?: string | number;
  /** Reconnection time for the client, an integer of at least 250 milliseconds. */
  retry?: number;
  /** Ignored by clients; each line becomes a comment line. */
  comment?: string;
}

/** Turns `data` that is not a string into one. */
export type Serializer = (data: unknown) => string;

/** What `send` accepts as one message. */
export type Sendable<Data = unknown> = string | Message<Data>;

const FIELDS = ['data', 'event', 'id', 'retry', 'comment'] as const;

/** True for an object with at least one field of a message, even an undefined one. */
function isMessage(value: unknown): value is Message {
  if (typeof value !== 'object' || value === null) return false;
  return FIELDS.some((field) => field in value);
}

/**
 * The message that `value` stands for.
 * @throws TypeError for bytes, and for anything without a message's fields; the text says what to write instead.
 */
export function toMessage(value: unknown): Message {
  if (typeof value === 'string') return { data: value };
  if (value instanceof Uint8Array || value instanceof ArrayBuffer) {
    throw new TypeError(
      'Cannot send bytes: event streams are text. Decode them, or write send({ data: bytes.toString("base64") })',
    );
  }
  if (!isMessage(value)) {
    throw new TypeError(
      `Cannot send ${describe(value)}: a message has data, event, id, retry or comment. To send it as data write send({ data: value })`,
    );
  }
  return value;
}

function describe(value: unknown): string {
  if (value === null) return 'null';
  if (Array.isArray(value)) return 'an array';
  if (typeof value !== 'object') return typeof value === 'undefined' ? 'undefined' : `a ${typeof value}`;
  const keys = Object.keys(value).slice(0, 5);
  return keys.length > 0 ? `an object with the fields ${keys.join(', ')}` : 'an object without fields';
}
