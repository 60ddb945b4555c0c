/** Three ways to publish: at a rate, one event at a time, and as fast as the system takes it. Each measures what `publish()` costs its caller. */
import { createHistogram, type RecordableHistogram } from 'node:perf_hooks';
import type { Contender } from '../contenders/contender.js';
import { micros } from '../harness/micros.js';
import { makePayload } from '../harness/payload.js';

/** Calls of `publish()` in one turn: whoever falls behind still gets turns to write and to accept. */
const MOST_PER_TURN = 10;

/** What one measurement published. Times in microseconds. */
export interface Published {
  published: number;
  /** Events that were due in the time. */
  due: number;
  /** Until `publish()` returned. */
  returnMean: number;
  returnP50: number;
  returnP99: number;
  /** Until its promise resolved; 0 where it returns none. */
  resolveMean: number;
  resolveP99: number;
}

export class Publisher {
  readonly #contender: Contender;
  readonly #bytes: number;
  readonly #returned: RecordableHistogram = createHistogram();
  readonly #resolved: RecordableHistogram = createHistogram();
  #seq = 0;
  #first = 0;

  /** `first` is the number of the first event. */
  constructor(contender: Contender, bytes: number, first = 0) {
    this.#contender = contender;
    this.#bytes = bytes;
    this.#seq = first;
  }

  /** Publishes while nobody is connected: what an event costs once, however many clients there are, is compiled then. */
  async rehearse(count: number): Promise<void> {
    const data = makePayload(0, 0, this.#bytes);
    for (let i = 0; i < count; i++) {
      this.#contender.publish(data);
      if (i % MOST_PER_TURN === 0) await new Promise((resolve) => setImmediate(resolve));
    }
  }

  /** A measurement begins: costs start anew, sequence numbers go on. */
  begin(): void {
    this.#returned.reset();
    this.#resolved.reset();
    this.#first = this.#seq;
  }

  /**
   * Publishes each event when it is due, `rate` times a second. A late event keeps the time at which it was due: a source of
   * events does not wait for a server that is busy, so that time is part of the latency. After `seconds` nothing more is published.
   */
  atRate({ rate, seconds }: { rate: number; seconds: number }): Promise<Published> {
    const total = Math.round(rate * seconds);
    const interval = 1e6 / rate;
    const begun = micros();
    let done = 0;
    return new Promise((resolve) => {
      const turn = (): void => {
        const elapsed = micros() - begun;
        const due = Math.min(total, Math.floor(elapsed / interval) + 1);
        for (let i = 0; i < MOST_PER_TURN && done < due; i++) this.#publish(begun + done++ * interval);
        if (done === total || elapsed >= seconds * 1e6) resolve(this.#result(total));
        else if (done < due) setImmediate(turn);
        else setTimeout(turn, 1);
      };
      turn();
    });
  }

  /** Publishes the next event once every client has the one before. `arrival(seq)` resolves when they have all below `seq`. */
  async inLockstep(count: number, arrival: (seq: number) => Promise<void>): Promise<Published> {
    for (let i = 0; i < count; i++) {
      this.#publish(micros());
      await arrival(this.#seq);
    }
    return this.#result(count);
  }

  /** Publishes as fast as promises resolve, `inFlight` at a time. */
  async flood({ seconds, inFlight }: { seconds: number; inFlight: number }): Promise<Published> {
    const end = micros() + seconds * 1e6;
    const stream = async (): Promise<void> => {
      while (micros() < end) await this.#publish(micros());
    };
    await Promise.all(Array.from({ length: inFlight }, stream));
    return this.#result(this.#seq - this.#first);
  }

  #publish(due: number): unknown {
    const data = makePayload(this.#seq++, due, this.#bytes);
    const before = process.hrtime.bigint();
    const result = this.#contender.publish(data);
    this.#returned.record(since(before));
    if (result instanceof Promise) result.then(() => this.#resolved.record(since(before)));
    return result;
  }

  #result(due: number): Published {
    return {
      published: this.#seq - this.#first,
      due,
      returnMean: this.#returned.mean / 1e3,
      returnP50: this.#returned.percentile(50) / 1e3,
      returnP99: this.#returned.percentile(99) / 1e3,
      resolveMean: this.#resolved.count > 0 ? this.#resolved.mean / 1e3 : 0,
      resolveP99: this.#resolved.count > 0 ? this.#resolved.percentile(99) / 1e3 : 0,
    };
  }
}

/** Nanoseconds, at least the one that a histogram asks for. */
function since(before: bigint): number {
  return Math.max(1, Number(process.hrtime.bigint() - before));
}
