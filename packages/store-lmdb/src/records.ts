/** The values of the database beside the entries: records of fixed fields, and notes, as sealed bytes. Pure. */
import type { Position } from '@headwater/core';
import { damaged, SEAL, seal, unseal } from './seal.js';

/** Grows with every change that an older version of this package could not read. 1 was never released. */
export const SCHEMA = 2;

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

export function encodeHead(head: Head): Buffer {
  const { schema, seq, forgotten, trimmed, nextChannel, epochsStamp, cursors } = head;
  return encodeNumbers([schema, seq, forgotten, trimmed, nextChannel, epochsStamp, cursors]);
}

/** A newer schema may have more fields, so these are read before the rest is judged. */
export function decodeHead(record: Buffer): Head {
  const [schema, seq, forgotten, trimmed, nextChannel, epochsStamp, cursors] = decodeNumbers(record, 'the head');
  return { schema, seq, forgotten, trimmed, nextChannel, epochsStamp, cursors };
}

export function encodeChannel({ id, floor, last, count, bytes, oldest, touched }: ChannelRecord): Buffer {
  return encodeNumbers([id, floor, last, count, bytes, oldest, touched]);
}

export function decodeChannel(record: Buffer, name: string): ChannelRecord {
  const [id, floor, last, count, bytes, oldest, touched] = decodeNumbers(record, `channel "${name}"`);
  return { id, floor, last, count, bytes, oldest, touched };
}

/** As many numbers as a record has at least. */
type Numbers = [number, number, number, number, number, number, number];
const NUMBERS = 7;

function encodeNumbers(numbers: Numbers): Buffer {
  const record = Buffer.allocUnsafe(SEAL + 8 * NUMBERS);
  for (let i = 0; i < NUMBERS; i++) record.writeDoubleLE(numbers[i] as number, SEAL + 8 * i);
  return seal(record, 0);
}

function decodeNumbers(record: Buffer, what: string): Numbers {
  unseal(record, 0, what);
  if (record.length < SEAL + 8 * NUMBERS) throw damaged(`${what} is too short`);
  const numbers: Numbers = [0, 0, 0, 0, 0, 0, 0];
  for (let i = 0; i < NUMBERS; i++) numbers[i] = record.readDoubleLE(SEAL + 8 * i);
  return numbers;
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
