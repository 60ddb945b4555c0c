/** Tally: what all streams of one client process have received. Sequence numbers begin at 0 with the first event of a run. */
import { digitsAt, TIME_DIGITS, TIME_OFFSET } from '../harness/payload.js';
import { Histogram } from './histogram.js';

/** Events that there is room for at first. */
const FIRST_ROOM = 2 ** 16;

export class Tally {
  readonly latency: Histogram = new Histogram();
  /** Events that came, once per stream. */
  delivered = 0;
  /** Sequence numbers that a stream skipped. */
  lost = 0;
  /** Events that a stream had seen before. */
  repeated = 0;
  /** Events that did not end where their length says. */
  malformed = 0;
  bytes = 0;
  /** When the newest event came, and when it was due. */
  lastAt = 0;
  lastDue = 0;
  /** Streams that must have an event before it counts as complete. */
  expected = 0;
  /** Every event below this number has reached every stream. */
  completeTo = 0;

  #due = new Float64Array(FIRST_ROOM);
  #arrived = new Uint32Array(FIRST_ROOM);
  readonly #onComplete: () => void;

  constructor(onComplete: () => void) {
    this.#onComplete = onComplete;
  }

  /** An event whose payload is at `mark`. Its time is read once, not for every stream. */
  record(seq: number, now: number, bytes: Uint8Array, mark: number): void {
    this.delivered++;
    if (seq >= this.#due.length) this.#grow(seq);
    let due = this.#due[seq] as number;
    if (due === 0) {
      due = digitsAt(bytes, mark + TIME_OFFSET, TIME_DIGITS);
      this.#due[seq] = due;
      this.lastDue = due;
    }
    this.latency.record(now - due);
    this.lastAt = now;
    const arrived = (this.#arrived[seq] as number) + 1;
    this.#arrived[seq] = arrived;
    if (arrived >= this.expected && seq === this.completeTo) this.advance();
  }

  /** Looks how far everything is complete. */
  advance(): void {
    const before = this.completeTo;
    while (this.expected > 0 && (this.#arrived[this.completeTo] as number) >= this.expected) this.completeTo++;
    if (this.completeTo > before) this.#onComplete();
  }

  /** A measurement begins: counts start at 0, sequence numbers go on. */
  reset(): void {
    this.latency.reset();
    this.delivered = 0;
    this.bytes = 0;
  }

  #grow(seq: number): void {
    const room = 2 ** Math.ceil(Math.log2(seq + 1));
    const [due, arrived] = [this.#due, this.#arrived];
    this.#due = new Float64Array(room);
    this.#due.set(due);
    this.#arrived = new Uint32Array(room);
    this.#arrived.set(arrived);
  }
}
