/**
 * Waits: promises for conditions, each with a deadline. A condition is looked at when something has arrived, never after a time.
 * Ordered waits consume events and are served first come, first served.
 */
// Imported, not global: a test runner's fake timers replace the globals and would hold the deadlines still as well.
import { clearTimeout, setTimeout } from 'node:timers';

/** A value once the condition holds, `undefined` until then. May throw. */
type Check<T> = () => T | undefined;

interface Wait {
  readonly what: string;
  readonly ordered: boolean;
  readonly check: Check<unknown>;
  readonly error: Error;
  resolve(value: unknown): void;
  reject(error: unknown): void;
  timer?: NodeJS.Timeout;
}

export interface WaitOptions {
  /** What is waited for, for the error: `3 events`. */
  readonly what: string;
  /** True if the check consumes events. */
  readonly ordered: boolean;
  /** The public function; the error's stack begins at its caller. */
  readonly caller: (...args: never[]) => unknown;
}

/** Node turns a longer or a negative timeout into 1 ms. */
export function checkTimeout(timeoutMs: number): number {
  if (timeoutMs > 0 && timeoutMs < 2 ** 31) return timeoutMs;
  throw new RangeError(`timeoutMs must be a number between 1 and 2147483647, not ${timeoutMs}`);
}

export class Waits {
  readonly #timeoutMs: number;
  readonly #report: () => string;
  #waits: Wait[] = [];
  #over: string | undefined;

  /** @param report What has been received so far, for the errors. */
  constructor(timeoutMs: number, report: () => string) {
    this.#timeoutMs = checkTimeout(timeoutMs);
    this.#report = report;
  }

  add<T>(options: WaitOptions, check: Check<T>): Promise<T> {
    const error = new Error();
    Error.captureStackTrace(error, options.caller);
    return new Promise<T>((resolve, reject) => {
      const wait: Wait = { ...options, check, error, resolve: resolve as Wait['resolve'], reject };
      this.#waits.push(wait);
      this.check();
      if (this.#waits.includes(wait)) wait.timer = setTimeout(() => this.#expire(wait), this.#timeoutMs);
    });
  }

  /** Something has arrived. */
  check(): void {
    let blocked = false;
    for (const wait of [...this.#waits]) {
      if (blocked && wait.ordered) continue;
      if (!this.#settle(wait) && wait.ordered) blocked = true;
    }
  }

  /** Nothing will arrive any more. `why` completes the sentence `Cannot wait for 3 events: ...`. */
  end(why: string): void {
    this.#over ??= why;
    this.check();
  }

  #settle(wait: Wait): boolean {
    let value: unknown;
    try {
      value = wait.check();
    } catch (error) {
      this.#remove(wait);
      wait.reject(error);
      return true;
    }
    if (value === undefined && this.#over === undefined) return false;
    this.#remove(wait);
    if (value !== undefined) wait.resolve(value);
    else wait.reject(this.#failure(wait, `Cannot wait for ${wait.what}: ${this.#over}`));
    return true;
  }

  #expire(wait: Wait): void {
    this.#remove(wait);
    wait.reject(this.#failure(wait, `Waited ${this.#timeoutMs} ms in vain for ${wait.what}`));
    // The next in line has its turn.
    this.check();
  }

  #failure(wait: Wait, reason: string): Error {
    const { error } = wait;
    error.message = `${reason}. ${this.#report()}`;
    // The stack was taken where the wait began, before its message was known.
    error.stack = `Error: ${error.message}\n${error.stack?.slice(error.stack.indexOf('\n') + 1) ?? ''}`;
    return error;
  }

  #remove(wait: Wait): void {
    this.#waits = this.#waits.filter((other) => other !== wait);
    clearTimeout(wait.timer);
  }
}
