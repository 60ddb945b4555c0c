/** PortTail: what a process is told of the log, in order, as late as chance has it, with the faults that a feed can have. */
import { SseError } from '../../src/errors.js';
import type { Entry, Tail, TailListener } from '../../src/store.js';
import type { SharedLog } from './shared-log.js';

export class PortTail implements Tail {
  /** The newest entry that is on its way or has arrived. */
  sent: number;
  readonly #shared: SharedLog;
  readonly #what: string;
  readonly #lag: number;
  readonly #listener: TailListener;
  #queue: Entry[] = [];
  #isWaiting = false;
  #isOver = false;
  #isStalled = false;
  #isLosing = false;
  #skips = 0;

  constructor(shared: SharedLog, name: string, lag: number, listener: TailListener, from: number) {
    this.#shared = shared;
    this.#what = `${name} tail delivers`;
    this.#lag = lag;
    this.#listener = listener;
    this.sent = from;
  }

  feed(entries: readonly Entry[]): void {
    if (this.#isOver || this.#isStalled || this.#isLosing) return;
    for (const entry of entries) {
      this.sent = entry.seq;
      if (this.#skips > 0) this.#skips--;
      else this.#queue.push(entry);
    }
    this.#arrange();
  }

  /** Leaves the next entry out. */
  skip(): void {
    this.#skips++;
  }

  /** Delivers nothing any more. What is on its way is lost with it. */
  stall(): void {
    this.#isStalled = true;
    this.#queue = [];
  }

  /** Ends, and says so once what is on its way has arrived. */
  lose(): void {
    if (this.#isOver || this.#isLosing) return;
    this.#isLosing = true;
    if (this.#shared.random.chance(0.3)) this.#queue = [];
    this.#arrange();
  }

  stop(): void {
    this.#isOver = true;
  }

  #arrange(): void {
    if (this.#isWaiting || (this.#queue.length === 0 && !this.#isLosing)) return;
    this.#isWaiting = true;
    this.#shared.scheduler.add({ what: this.#what, lag: this.#lag, run: () => this.#deliver() });
  }

  #deliver(): void {
    this.#isWaiting = false;
    if (this.#isOver) return;
    const entries = this.#queue.splice(0, this.#shared.random.between(1, 4));
    if (entries.length > 0) this.#listener.entries(entries);
    if (this.#isOver) return;
    if (this.#isLosing && this.#queue.length === 0) {
      this.#isOver = true;
      this.#listener.lost(new SseError('ERR_SSE_STORE', 'Simulated: the tail was lost'));
    } else this.#arrange();
  }
}
