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
  /** Streams that have every event below the goal. */
  atGoal = 0;

  #goal = -1;
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
    if (seq + 1 === this.#goal) this.#arriveAtGoal();
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

  /** `streams` streams, each from a place of its own, are to come as far as `goal`: everything below it is complete when all have. */
  aim(goal: number, streams: number): void {
    this.#goal = goal;
    this.atGoal = 0;
    this.expected = streams;
  }

  /** A measurement begins: counts start at 0, sequence numbers go on. */
  reset(): void {
    this.latency.reset();
    this.delivered = 0;
    this.bytes = 0;
  }

  #arriveAtGoal(): void {
    this.atGoal++;
    if (this.atGoal < this.expected) return;
    this.completeTo = this.#goal;
    this.#onComplete();
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
