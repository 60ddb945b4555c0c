/**
 * What `publish` makes of a message: checked and encoded, for the hub and for whoever publishes beside it (within a transaction of
 * a database, say). Pure. Everything wrong throws here, before anything is written.
 */
import { Buffer } from 'node:buffer';
import { checkChannel } from './channel.js';
import { SseError } from './errors.js';
import { CONTROL_PREFIX, encodeBody } from './frame.js';
import { toChange } from './keyed.js';
import { label } from './labels.js';
import { type Serializer, toMessage } from './message.js';
import { askRegion, type RegionOf } from './regions.js';
import type { NewEntry } from './store.js';

/** What the encoding depends on: a hub's own options. */
export interface EncodingOptions {
  readonly serializer: Serializer;
  readonly maxEventBytes: number;
  readonly regionOf: RegionOf | undefined;
  /** Whether what is published to the channel are operations on its items. */
  readonly isKeyed: boolean;
  /** Milliseconds since 1970. */
  readonly time: number;
}

/**
 * The entry for `message`.
 * @throws TypeError, RangeError for a wrong channel, message or key; SseError `ERR_SSE_SERIALIZE`, `ERR_SSE_EVENT_TOO_LARGE`.
 */
export function toNewEntry(
  channel: string,
  given: unknown,
  key: string | undefined,
  options: EncodingOptions,
): NewEntry {
  checkChannel(channel);
  if (key !== undefined && (typeof key !== 'string' || key.length === 0 || key.length > 200)) {
    throw new TypeError('key must be a string of 1 to 200 characters');
  }
  const message = toMessage(given);
  if (message.id !== undefined) {
    throw new TypeError(
      `Cannot publish a message with an id of its own to "${channel}": the log gives ids. For idempotency use { key }`,
    );
  }
  if (message.event?.startsWith?.(CONTROL_PREFIX)) {
    throw new TypeError(
      `Cannot publish event "${message.event}": names that start with "${CONTROL_PREFIX}" belong to the protocol`,
    );
  }
  if (message.data === undefined) {
    throw new TypeError(`Cannot publish to "${channel}" without data: clients ignore such events. Write data: ''`);
  }
  const body = Buffer.from(encodeBody(message, options.serializer), 'utf8');
  checkSize(body.length, options.maxEventBytes);
  const item = options.isKeyed ? toChange(channel, message.data) : undefined;
  const region = askRegion(options.regionOf, channel);
  return { channel, body: label(body, { region }), time: options.time, key, item };
}

/** @throws SseError `ERR_SSE_EVENT_TOO_LARGE` */
export function checkSize(bytes: number, maxEventBytes: number): void {
  if (bytes <= maxEventBytes) return;
  throw new SseError('ERR_SSE_EVENT_TOO_LARGE', `Message has ${bytes} bytes, maxEventBytes is ${maxEventBytes}`, {
    statusCode: 413,
  });
}
