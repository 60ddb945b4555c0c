/** Time and turns, so that tests can hold both still. The system's clock is the default; `@headwater/testing` has a fake one. */

/** Opaque handle of a timer. */
export type Timer = unknown;

/** Implementers MUST run `setTurn` callbacks in the order given and never within the call itself. */
export interface Clock {
  /** Wall clock, milliseconds since 1970. */
  now(): number;
  /** Monotonic clock, milliseconds. */
  elapsed(): number;
  /** Calls `fn` once after `ms`. MUST NOT keep the process alive, unless `keepAlive` says that somebody waits for it to end. */
  setTimer(fn: () => void, ms: number, keepAlive?: boolean): Timer;
  clearTimer(timer: Timer): void;
  /** Calls `fn` in the next turn of the event loop, after pending I/O had its chance. */
  setTurn(fn: () => void): void;
}

export const systemClock: Clock = {
  now: () => Date.now(),
  elapsed: () => performance.now(),
  setTimer: (fn, ms, keepAlive) => {
    const timer = setTimeout(fn, ms);
    return keepAlive ? timer : timer.unref();
  },
  clearTimer: (timer) => clearTimeout(timer as NodeJS.Timeout),
  setTurn: (fn) => void setImmediate(fn),
};
