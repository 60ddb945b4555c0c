/**
 * Blocks: entries as the log keeps them, as many as follow one another in one channel and share a page. Pure.
 * What a tree of LMDB costs goes by its records, not by their bytes: a commit of many entries writes, and trims, a few.
 */
import type { Entry } from '@headwater/core';
import { damaged, SEAL, seal, unseal } from './seal.js';

/** The bytes of a block of several entries. LMDB puts a record of more than some 2,010 in pages of its own. */
export const MAX_BLOCK = 2_000;

/** The longest epoch and channel name that a block has room for. */
export const MAX_NAME = 255;

// Checksum, version, flags, length of the epoch, length of the channel, prev of the first entry, count; epoch; channel; then of
// each entry its time, the length of its body, and its body.
const VERSION = 1;
const HAS_PREV = 1;
const FIXED = SEAL + 4 + 8 + 2;
const EACH = 8 + 4;

/** What a block with this entry alone takes. */
export function blockSize(entry: Entry): number {
  return FIXED + Buffer.byteLength(entry.epoch) + Buffer.byteLength(entry.channel) + addedSize(entry);
}

/** What an entry adds to a block. */
export function addedSize({ body }: Entry): number {
  return EACH + body.byteLength;
}

/** At least one entry, of one epoch and one channel, each of whose seqs is one more than the one before. */
export function encodeBlock(entries: readonly Entry[]): Buffer {
  const [first] = entries as [Entry];
  const { epoch, channel, prev, seq } = first;
  let size = blockSize(first);
  for (let i = 1; i < entries.length; i++) size += addedSize(entries[i] as Entry);
  const record = Buffer.allocUnsafe(size);
  const epochEnd = FIXED + record.write(epoch, FIXED);
  const channelEnd = epochEnd + record.write(channel, epochEnd);
  record[SEAL] = VERSION;
  record[SEAL + 1] = prev === undefined ? 0 : HAS_PREV;
  record[SEAL + 2] = epochEnd - FIXED;
  record[SEAL + 3] = channelEnd - epochEnd;
  record.writeDoubleLE(prev ?? 0, SEAL + 4);
  record.writeUInt16LE(entries.length, SEAL + 12);
  let at = channelEnd;
  for (const { time, body } of entries) {
    record.writeDoubleLE(time, at);
    record.writeUInt32LE(body.byteLength, at + 8);
    record.set(body, at + EACH);
    at += EACH + body.byteLength;
  }
  return seal(record, seq + entries.length - 1);
}

/** The block whose last entry is `last`. @throws SseError `ERR_SSE_STORE` where it is not what was encoded. */
export function decodeBlock(record: Buffer, last: number): Entry[] {
  const what = `the block up to entry ${last}`;
  unseal(record, last, what);
  if (record.length < FIXED || record[SEAL] !== VERSION) throw damaged(`${what} is of an unknown kind`);
  const epochEnd = FIXED + (record[SEAL + 2] as number);
  const channelEnd = epochEnd + (record[SEAL + 3] as number);
  const epoch = record.toString('utf8', FIXED, epochEnd);
  const channel = record.toString('utf8', epochEnd, channelEnd);
  const hasPrev = ((record[SEAL + 1] as number) & HAS_PREV) !== 0;
  let prev = hasPrev ? record.readDoubleLE(SEAL + 4) : undefined;
  let at = channelEnd;
  const entries: Entry[] = [];
  for (let seq = last - record.readUInt16LE(SEAL + 12) + 1; seq <= last; seq++) {
    const bodyAt = at + EACH;
    const end = bodyAt + record.readUInt32LE(at + 8);
    entries.push({ seq, epoch, channel, prev, time: record.readDoubleLE(at), body: record.subarray(bodyAt, end) });
    prev = seq;
    at = end;
  }
  return entries;
}

/** What the index says of a block: enough to find it, and to trim it where it cannot be read. */
export interface Span {
  readonly first: number;
  readonly last: number;
  /** Of the bodies. */
  readonly bytes: number;
}

/** The span of a block. */
export function spanOf(entries: readonly Entry[]): Span {
  let bytes = 0;
  for (const { body } of entries) bytes += body.byteLength;
  return { first: (entries[0] as Entry).seq, last: (entries.at(-1) as Entry).seq, bytes };
}

export function encodeSpan({ first, last, bytes }: Span): Buffer {
  const record = Buffer.allocUnsafe(SEAL + 2 + 4);
  record.writeUInt16LE(last - first + 1, SEAL);
  record.writeUInt32LE(bytes, SEAL + 2);
  return seal(record, last);
}

/** The span that ends with `last`. @throws SseError `ERR_SSE_STORE` where it is not what was encoded. */
export function decodeSpan(record: Buffer, last: number): Span {
  unseal(record, last, `the index of the block up to entry ${last}`);
  return { first: last - record.readUInt16LE(SEAL) + 1, last, bytes: record.readUInt32LE(SEAL + 2) };
}
