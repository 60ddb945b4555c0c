/** Line limit: the first lines of a kind in a stretch of time pass, the rest is counted. A store that is down fails every call. */
import type { Clock } from '../clock.js';

/** Lines of one kind in `WINDOW_MS`. */
const MOST = 10;
const WINDOW_MS = 10_000;

interface Window {
  readonly endsAt: number;
  lines: number;
  suppressed: number;
}

export class LineLimit {
  readonly #clock: Clock;
  /** By kind, of which there must be few. */
  readonly #windows = new Map<string, Window>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** How many lines of this kind were left out since the last one that passed; undefined where this one is left out too. */
  take(kind: string): number | undefined {
    const now = this.#clock.elapsed();
    const window = this.#windows.get(kind);
    if (window && now < window.endsAt) {
      if (++window.lines <= MOST) return 0;
      window.suppressed++;
      return undefined;
    }
    this.#windows.set(kind, { endsAt: now + WINDOW_MS, lines: 1, suppressed: 0 });
    return window?.suppressed ?? 0;
  }
}
