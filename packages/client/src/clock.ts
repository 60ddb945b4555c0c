/** Time, so that tests can hold it still. The system's clock is the default; the fake one of `@headwater/testing` fits. */

/** What the client needs to know of time. */
export interface ClientClock {
  /** Wall clock, milliseconds since 1970. */
  now(): number;
  /** Monotonic clock, milliseconds. */
  elapsed(): number;
  /** Calls `fn` once after `ms`. */
  setTimer(fn: () => void, ms: number): unknown;
  clearTimer(timer: unknown): void;
}

export const systemClock: ClientClock = {
  now: () => Date.now(),
  elapsed: () => performance.now(),
  setTimer: (fn, ms) => setTimeout(fn, ms),
  clearTimer: (timer) => clearTimeout(timer as number),
};

/** A timer of which there is at most one: setting it again replaces the former. */
export interface Alarm {
  isSet(): boolean;
  set(ms: number, fn: () => void): void;
  clear(): void;
}

export function createAlarm(clock: ClientClock): Alarm {
  let timer: unknown;
  const clear = () => {
    if (timer !== undefined) clock.clearTimer(timer);
    timer = undefined;
  };
  const set = (ms: number, fn: () => void) => {
    clear();
    timer = clock.setTimer(() => {
      timer = undefined;
      fn();
    }, ms);
  };
  return { isSet: () => timer !== undefined, set, clear };
}
