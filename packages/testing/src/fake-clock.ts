/**
 * fakeClock(): the core's `Clock` in the test's hand. Time moves only in `advance`, and a turn of the event loop passes only in
 * `runTurn`, so that a test that is seeded runs the same way each time.
 */
// Imported, not global: a test runner's fake timers would hold it still.
import { setImmediate } from 'node:timers';
import type { Clock } from '@headwater/core';

// Above this Node's setTimeout fires after 1 ms; a fake that waited would hide the mistake.
const MAX_TIMER_MS = 2 ** 31 - 1;
const MAX_TURNS = 10_000;

/**
 * Where a fake clock starts, and who makes the turns.
 * @example
 * const clock = fakeClock({ now: Date.UTC(2030, 0, 1) });
 */
export interface FakeClockOptions {
  /** Milliseconds since 1970. Default: 0. */
  readonly now?: number;
  /** True runs `setTurn` callbacks in real turns of the event loop, for tests with real sockets. Default: false. */
  readonly autoTurns?: boolean;
}

/**
 * A clock that stands still.
 * @example
 * const clock = fakeClock();
 * const hub = createHub({ clock });
 * clock.advance(15_000); // the first heartbeat is due
 * clock.runTurns(); // flushes
 * clock.timers; // 1
 */
export interface FakeClock extends Clock {
  /** Timers that wait. A test for leaks expects 0. */
  readonly timers: number;
  /** `setTurn` callbacks that wait. */
  readonly turns: number;
  /**
   * Lets `ms` milliseconds pass, and calls each timer that falls due at its own time, those included that are set meanwhile. Runs
   * no turns. If a callback throws, time stands where it did.
   */
  advance(ms: number): void;
  /** Runs the callbacks of one turn, not those that they queue. Returns their number. */
  runTurn(): number;
  /**
   * Runs turns until none waits, and returns the number of callbacks; promises do not go on meanwhile. Throws after 10,000 turns:
   * something queues itself for ever.
   */
  runTurns(): number;
  /** Runs turns and lets promises go on, until neither has anything left to do. For code whose I/O is fake as well. */
  settle(): Promise<void>;
}

interface FakeTimer {
  readonly due: number;
  readonly fn: () => void;
}

/**
 * A deterministic clock for tests.
 * @throws RangeError from `setTimer` for a time that Node's `setTimeout` would turn into 1 ms, and for less than 0.
 * @example
 * const clock = fakeClock({ now: 1_000 });
 * clock.setTimer(() => seen.push(clock.now()), 250);
 * clock.advance(1_000);
 * seen; // [1250]
 */
export function fakeClock(options: FakeClockOptions = {}): FakeClock {
  return new ManualClock(options);
}

class ManualClock implements FakeClock {
  readonly #start: number;
  readonly #autoTurns: boolean;
  #elapsed = 0;
  /** In the order in which they fall due. */
  #timers: FakeTimer[] = [];
  #turns: (() => void)[] = [];

  constructor({ now = 0, autoTurns = false }: FakeClockOptions) {
    this.#start = now;
    this.#autoTurns = autoTurns;
  }

  get timers(): number {
    return this.#timers.length;
  }

  get turns(): number {
    return this.#turns.length;
  }

  now(): number {
    return this.#start + this.#elapsed;
  }

  elapsed(): number {
    return this.#elapsed;
  }

  setTimer(fn: () => void, ms: number): FakeTimer {
    if (!(ms >= 0 && ms <= MAX_TIMER_MS)) {
      throw new RangeError(`Cannot set a timer of ${ms} ms: it must be between 0 and ${MAX_TIMER_MS}`);
    }
    // As in Node, where setTimeout(fn, 0) waits 1 ms: a timer that sets itself again must not stop the time.
    const timer: FakeTimer = { due: this.#elapsed + Math.max(1, ms), fn };
    // Behind those that are due at the same time.
    const place = this.#timers.findLastIndex(({ due }) => due <= timer.due) + 1;
    this.#timers.splice(place, 0, timer);
    return timer;
  }

  clearTimer(timer: unknown): void {
    this.#timers = this.#timers.filter((other) => other !== timer);
  }

  setTurn(fn: () => void): void {
    this.#turns.push(fn);
    if (this.#autoTurns) setImmediate(() => void this.#runNext());
  }

  advance(ms: number): void {
    if (!(ms >= 0 && ms < Infinity)) throw new RangeError(`Cannot advance by ${ms} ms`);
    const end = this.#elapsed + ms;
    for (;;) {
      const timer = this.#timers[0];
      if (timer === undefined || timer.due > end) break;
      this.#timers.shift();
      this.#elapsed = timer.due;
      timer.fn();
    }
    this.#elapsed = end;
  }

  runTurn(): number {
    let count = 0;
    for (let left = this.#turns.length; left > 0 && this.#runNext(); left -= 1) count += 1;
    return count;
  }

  runTurns(): number {
    let count = 0;
    for (let turn = 0; this.#turns.length > 0; turn += 1) {
      if (turn === MAX_TURNS) throw this.#tooManyTurns();
      count += this.runTurn();
    }
    return count;
  }

  async settle(): Promise<void> {
    for (let turn = 0; turn === 0 || this.#turns.length > 0; turn += 1) {
      if (turn === MAX_TURNS) throw this.#tooManyTurns();
      this.runTurn();
      // When a real turn has passed, every promise that could go on has done so.
      await new Promise<void>((resolve) => void setImmediate(resolve));
    }
  }

  #tooManyTurns(): Error {
    const count = this.#turns.length;
    return new Error(`${MAX_TURNS} turns have run and ${count} callbacks wait still: one queues itself for ever`);
  }

  #runNext(): boolean {
    const fn = this.#turns.shift();
    fn?.();
    return fn !== undefined;
  }
}
