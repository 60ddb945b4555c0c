/** Between rows and what the contract speaks of. Pure. */
import type { Entry, EpochStart, NewEntry } from '@headwater/core';
import type { Row } from './statement.js';

/**
 * The columns of what reads entries. One statement is one snapshot, so everything that belongs together comes as rows of one
 * answer, told apart by their first column: `h` for where the log stands, `f` for floors, `e` for entries, in this order.
 */
export const ENTRY_COLUMNS = `'e', seq, prev, time, channel, epoch, encode(body, 'hex')`;

/** `e` is the last of the three, and so the first in descending order is not it: see {@link ENTRY_COLUMNS}. */
export const ENTRY_ORDER = 'order by 1 desc, 2';

export function toEntry([, seq, prev, time, channel, epoch, body]: Row): Entry {
  return {
    seq: seq as number,
    epoch: epoch as string,
    channel: channel as string,
    prev: (prev as number | null) ?? undefined,
    time: time as number,
    body: Buffer.from(body as string, 'hex'),
  };
}

/** `[[epoch, start], ...]`; null without any. */
export function toEpochs(list: unknown): EpochStart[] {
  return ((list as [string, number][] | null) ?? []).map(([epoch, start]) => ({ epoch, start }));
}

export function toBuffer(body: Uint8Array): Buffer {
  return Buffer.isBuffer(body) ? body : Buffer.from(body.buffer, body.byteOffset, body.byteLength);
}

/** Text as the `bytea` of an array or a parameter. */
export function toBytes(text: string | undefined): Buffer | null {
  return text === undefined ? null : Buffer.from(text, 'utf8');
}

/** All bodies in one parameter, and where each begins: an array of them would be sent as text. */
export function packBodies(entries: readonly NewEntry[]): { bodies: Buffer; starts: number[]; lengths: number[] } {
  const starts: number[] = [];
  const lengths: number[] = [];
  let size = 0;
  for (const { body } of entries) {
    starts.push(size);
    lengths.push(body.byteLength);
    size += body.byteLength;
  }
  return {
    bodies: Buffer.concat(
      entries.map(({ body }) => body),
      size,
    ),
    starts,
    lengths,
  };
}
