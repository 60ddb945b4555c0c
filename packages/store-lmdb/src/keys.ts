/**
 * The keys of the database, as bytes whose order is the order wanted. Pure.
 *
 * Three tables per log. `log`: the last seq of a block. `index`: channel id, the last seq of a block. `meta`: a letter that says what, then whose.
 */

const SEQ = 6;
const ID = 4;
/** A letter and a time. */
const TIME = 9;

/** Up to 2^48 entries: 89 years of 100,000 a second. */
export function seqKey(seq: number): Buffer {
  const key = Buffer.allocUnsafe(SEQ);
  key.writeUIntBE(seq, 0, SEQ);
  return key;
}

export function seqOf(key: Buffer): number {
  return key.readUIntBE(key.length - SEQ, SEQ);
}

export function indexKey(channel: number, seq: number): Buffer {
  const key = Buffer.allocUnsafe(ID + SEQ);
  key.writeUInt32BE(channel, 0);
  key.writeUIntBE(seq, ID, SEQ);
  return key;
}

/** The end of a channel's part of the index. */
export function indexEnd(channel: number): Buffer {
  return indexKey(channel, 2 ** 48 - 1);
}

/** What `meta` holds. */
export const HEAD: Buffer = Buffer.from('h');
export const EPOCHS: Buffer = Buffer.from('e');

/** What is good for a time, and kept in the order of its time as well. */
export type Noted = 'key' | 'snapshot' | 'cursor';

export type Kind = Noted | `${Noted}Order` | 'channel' | 'item';

const LETTERS: { readonly [K in Kind]: string } = {
  channel: 'c',
  item: 'i',
  key: 'k',
  keyOrder: 'K',
  snapshot: 's',
  snapshotOrder: 'S',
  cursor: 'u',
  cursorOrder: 'U',
};

/** `first` goes with its length, so that `a` + `bc` and `ab` + `c` stay apart. */
export function metaKey(kind: Kind, first: string, second: string = ''): Buffer {
  const head = Buffer.from(first);
  return Buffer.concat([Buffer.from([LETTERS[kind].charCodeAt(0), head.length]), head, Buffer.from(second)]);
}

/** The parts of a {@link metaKey}. */
export function firstOf(key: Buffer): string {
  return key.toString('utf8', 2, 2 + (key[1] as number));
}

export function secondOf(key: Buffer): string {
  return key.toString('utf8', 2 + (key[1] as number));
}

/** Every key of that kind: neither the length of a name nor the first byte of a time is 0xff. */
export function kindRange(kind: Kind): { start: Buffer; end: Buffer } {
  const letter = LETTERS[kind].charCodeAt(0);
  return { start: Buffer.from([letter]), end: Buffer.from([letter, 0xff]) };
}

/** Every key of that kind under `first`: UTF-8 has no byte 0xff. */
export function prefixRange(kind: Kind, first: string): { start: Buffer; end: Buffer } {
  const start = metaKey(kind, first);
  return { start, end: Buffer.concat([start, Buffer.from([0xff])]) };
}

/** The place of the note under `key` in the order of time. */
export function orderKey(kind: Noted, time: number, key: Buffer): Buffer {
  const order = Buffer.alloc(TIME);
  order.write(LETTERS[`${kind}Order`], 0, 'latin1');
  // The bits of positive doubles ascend with their values.
  order.writeDoubleBE(Math.max(0, time), 1);
  return Buffer.concat([order, key]);
}

export function orderOf(order: Buffer): { readonly time: number; readonly key: Buffer } {
  return { time: order.readDoubleBE(1), key: order.subarray(TIME) };
}
