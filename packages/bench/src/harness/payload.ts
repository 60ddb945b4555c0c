/**
 * The data of every event: `@`, a sequence number, `@`, the time it was due, filler. One line, and nothing that JSON escapes, so
 * that it reads the same whether a library sends strings as they are or as JSON.
 */

/** Opens the sequence number and the time. Occurs nowhere else in a stream. */
export const MARK = 0x40;

/** Digits of the sequence number, from the byte after the first mark. */
export const SEQ_DIGITS = 8;

/** Digits of the time in microseconds, from the byte after the second mark. */
export const TIME_DIGITS = 16;

export const TIME_OFFSET = 1 + SEQ_DIGITS + 1;

/** No payload is smaller. */
export const MIN_BYTES = TIME_OFFSET + TIME_DIGITS;

const fillers = new Map<number, string>();

export function makePayload(seq: number, due: number, bytes: number): string {
  let filler = fillers.get(bytes);
  if (filler === undefined) {
    filler = '-'.repeat(bytes - MIN_BYTES);
    fillers.set(bytes, filler);
  }
  return `@${String(seq).padStart(SEQ_DIGITS, '0')}@${String(Math.trunc(due)).padStart(TIME_DIGITS, '0')}${filler}`;
}

/** The number written in `count` digits at `at`. */
export function digitsAt(bytes: Uint8Array, at: number, count: number): number {
  let value = 0;
  for (let i = at; i < at + count; i++) value = value * 10 + ((bytes[i] as number) - 0x30);
  return value;
}
