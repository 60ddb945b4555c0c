/**
 * Reader: finds the events of one stream in its bytes and checks that each came once, whole and in order.
 *
 * It looks for the payload's marks and for the blank line behind it, before which an id may stand, and takes no notice of HTTP's chunks around them: a server
 * that puts a chunk's boundary into a payload would show as malformed. The distance between two events hardly changes, so the
 * next one is looked for where it should be first; that makes an event cost some 20 ns.
 */
import { Buffer } from 'node:buffer';
import { digitsAt, MARK, SEQ_DIGITS } from '../harness/payload.js';
import type { Tally } from './tally.js';

const LF = 0x0a;
const QUOTE = 0x22;
const LETTER_I = 0x69;
/** No id's line is longer. */
const MAX_ID_LINE = 160;
const SECOND_MARK = 1 + SEQ_DIGITS;

export class Reader {
  /** The sequence number that comes next. */
  next = 0;
  readonly #tally: Tally;
  readonly #payloadBytes: number;
  #gap = 0;
  #carry: Buffer | undefined;

  constructor(tally: Tally, payloadBytes: number) {
    this.#tally = tally;
    this.#payloadBytes = payloadBytes;
  }

  /** Takes the bytes `from` to `to`. At least `room(payloadBytes)` bytes before `from` are free: an incomplete event is put there. */
  take(bytes: Buffer, from: number, to: number, now: number): void {
    this.#tally.bytes += to - from;
    let begin = from;
    if (this.#carry) {
      begin -= this.#carry.length;
      bytes.set(this.#carry, begin);
      this.#carry = undefined;
    }
    const rest = this.#scan(bytes, begin, to, now);
    if (rest < to) this.#carry = Buffer.from(bytes.subarray(rest, to));
  }

  /** Returns where an incomplete event begins, or `to`. */
  #scan(bytes: Buffer, from: number, to: number, now: number): number {
    let at = from;
    for (;;) {
      let mark = at + this.#gap;
      if (mark >= to || bytes[mark] !== MARK || bytes[mark + SECOND_MARK] !== MARK) {
        mark = at;
        while (mark < to && bytes[mark] !== MARK) mark++;
        if (mark === to) return to;
        this.#gap = mark - at;
      }
      let end = mark + this.#payloadBytes;
      if (bytes[end] === QUOTE) end++;
      end++;
      if (bytes[end - 1] === LF && bytes[end] === LETTER_I) {
        const limit = Math.min(to, end + MAX_ID_LINE);
        while (end < limit && bytes[end++] !== LF);
      }
      end++;
      if (end > to) return mark;
      if (bytes[end - 1] !== LF || bytes[end - 2] !== LF || bytes[mark + SECOND_MARK] !== MARK) {
        this.#tally.malformed++;
        at = mark + SECOND_MARK + 1;
        continue;
      }
      this.#count(bytes, mark, now);
      at = end;
    }
  }

  #count(bytes: Buffer, mark: number, now: number): void {
    const seq = digitsAt(bytes, mark + 1, SEQ_DIGITS);
    if (seq < this.next) {
      this.#tally.repeated++;
      return;
    }
    this.#tally.lost += seq - this.next;
    this.next = seq + 1;
    this.#tally.record(seq, now, bytes, mark);
  }
}

/** Free bytes that `take` needs: one event, a quote, an id and the blank line. */
export function room(payloadBytes: number): number {
  return payloadBytes + MAX_ID_LINE + 16;
}
