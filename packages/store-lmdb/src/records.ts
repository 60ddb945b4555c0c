/** The values of the database: entries, and the fixed records beside them, as sealed bytes. Pure. */
import type { Entry, Position } from '@headwater/core';
import { damaged, SEAL, seal, unseal } from './seal.js';

/** Grows with every change that an older version of this package could not read. */
export const SCHEMA = 1;

/** What the log as a whole knows of itself. */
export interface Head {
  readonly schema: number;
  /** The newest seq. */
  seq: number;
  /** The floor of every channel that is not known. */
  forgotten: number;
  /** The highest of all floors: above it nothing was ever trimmed. */
  trimmed: number;
  /** The id of the next new channel. */
  nextChannel: number;
  /** Changes with the epochs, so that a list once parsed need not be parsed again. */
  epochsStamp: number;
  cursors: number;
}

/** A channel's metadata. Invariant: everything that it got above `floor` is retained. */
export interface ChannelRecord {
  readonly id: number;
  /** The highest seq that may have been trimmed. */
  floor: number;
  /** The newest entry's seq, trimmed or not; 0 before the first, {@link UNKNOWN} where an earlier one may have been forgotten. */
  last: number;
  /** Retained entries, and the bytes of their bodies. */
  count: number;
  bytes: number;
  /** The `time` of the oldest retained entry. */
  oldest: number;
  /** When the last entry came, by the store's clock. */
  touched: number;
}

/** `last` of a channel whose previous entry is not known exactly. */
export const UNKNOWN = -1;

/** What the index says of an entry: enough to trim it without a look at the log. */
export interface IndexRecord {
  readonly bytes: number;
  readonly time: number;
}

const HEAD_FIELDS = ['schema', 'seq', 'forgotten', 'trimmed', 'nextChannel', 'epochsStamp', 'cursors'] as const;
const CHANNEL_FIELDS = ['id', 'floor', 'last', 'count', 'bytes', 'oldest', 'touched'] as const;
const INDEX_FIELDS = ['bytes', 'time'] as const;

export function encodeHead(head: Head): Buffer {
  return encodeNumbers(HEAD_FIELDS.map((name) => head[name]));
}

/** A newer schema may have more fields, so these are read before the rest is judged. */
export function decodeHead(record: Buffer): Head {
  return decodeNumbers(record, HEAD_FIELDS, 0, 'the head') as unknown as Head;
}

export function encodeChannel(channel: ChannelRecord): Buffer {
  return encodeNumbers(CHANNEL_FIELDS.map((name) => channel[name]));
}

export function decodeChannel(record: Buffer, name: string): ChannelRecord {
  return decodeNumbers(record, CHANNEL_FIELDS, 0, `channel "${name}"`) as unknown as ChannelRecord;
}

export function encodeIndex({ bytes, time }: IndexRecord, seq: number): Buffer {
  return encodeNumbers([bytes, time], seq);
}

export function decodeIndex(record: Buffer, seq: number): IndexRecord {
  return decodeNumbers(record, INDEX_FIELDS, seq, `the index of entry ${seq}`) as unknown as IndexRecord;
}

function encodeNumbers(numbers: readonly number[], salt = 0): Buffer {
  const record = Buffer.allocUnsafe(SEAL + 8 * numbers.length);
  for (const [i, number] of numbers.entries()) record.writeDoubleLE(number, SEAL + 8 * i);
  return seal(record, salt);
}

function decodeNumbers(record: Buffer, names: readonly string[], salt: number, what: string): Record<string, number> {
  unseal(record, salt, what);
  const numbers: Record<string, number> = {};
  for (const [i, name] of names.entries()) {
    if (SEAL + 8 * i + 8 > record.length) throw damaged(`${what} is too short`);
    numbers[name] = record.readDoubleLE(SEAL + 8 * i);
  }
  return numbers;
}

// An entry: checksum, version, flags, length of the epoch, length of the channel, time, prev; then epoch, channel, body.
const ENTRY_VERSION = 1;
const HAS_PREV = 1;
const FIXED = SEAL + 4 + 8 + 8;

/** The longest epoch and channel name that an entry has room for. */
export const MAX_NAME = 255;

export function encodeEntry({ seq, epoch, channel, prev, time, body }: Entry): Buffer {
  const names = Buffer.byteLength(epoch) + Buffer.byteLength(channel);
  const record = Buffer.allocUnsafe(FIXED + names + body.byteLength);
  const epochEnd = FIXED + record.write(epoch, FIXED);
  const channelEnd = epochEnd + record.write(channel, epochEnd);
  record[SEAL] = ENTRY_VERSION;
  record[SEAL + 1] = prev === undefined ? 0 : HAS_PREV;
  record[SEAL + 2] = epochEnd - FIXED;
  record[SEAL + 3] = channelEnd - epochEnd;
  record.writeDoubleLE(time, SEAL + 4);
  record.writeDoubleLE(prev ?? 0, SEAL + 12);
  record.set(body, channelEnd);
  return seal(record, seq);
}

export function decodeEntry(record: Buffer, seq: number): Entry {
  unseal(record, seq, `entry ${seq}`);
  if (record.length < FIXED || record[SEAL] !== ENTRY_VERSION) throw damaged(`entry ${seq} is of an unknown kind`);
  const epochEnd = FIXED + (record[SEAL + 2] as number);
  const channelEnd = epochEnd + (record[SEAL + 3] as number);
  const hasPrev = ((record[SEAL + 1] as number) & HAS_PREV) !== 0;
  return {
    seq,
    epoch: record.toString('utf8', FIXED, epochEnd),
    channel: record.toString('utf8', epochEnd, channelEnd),
    prev: hasPrev ? record.readDoubleLE(SEAL + 12) : undefined,
    time: record.readDoubleLE(SEAL + 4),
    body: record.subarray(channelEnd),
  };
}

/** A position, a time and text: snapshots, cursors, keys and items. */
export interface Note {
  readonly at: Position;
  readonly time: number;
  readonly text: string;
}

export function encodeNote({ at, time, text }: Note): Buffer {
  const epoch = Buffer.byteLength(at.epoch);
  const record = Buffer.allocUnsafe(SEAL + 18 + epoch + Buffer.byteLength(text));
  record.writeDoubleLE(at.seq, SEAL);
  record.writeDoubleLE(time, SEAL + 8);
  record.writeUInt16LE(epoch, SEAL + 16);
  record.write(at.epoch, SEAL + 18);
  record.write(text, SEAL + 18 + epoch);
  return seal(record, 0);
}

export function decodeNote(record: Buffer, what: string): Note {
  unseal(record, 0, what);
  const textAt = SEAL + 18 + record.readUInt16LE(SEAL + 16);
  return {
    at: { epoch: record.toString('utf8', SEAL + 18, textAt), seq: record.readDoubleLE(SEAL) },
    time: record.readDoubleLE(SEAL + 8),
    text: record.toString('utf8', textAt),
  };
}
