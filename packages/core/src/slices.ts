/** Long loops in short slices, so that none holds the event loop longer than `SLICE_MS`. */
import type { Clock } from './clock.js';
import { SLICE_MS } from './options.js';

/** Looking at the time costs as much as a few steps. */
const STEPS_PER_LOOK = 16;

/**
 * Calls `step` until it returns false, giving the event loop a turn whenever a slice is used up. The first slice runs at once.
 * `done` gets the longest slice in milliseconds.
 */
export function inSlices(clock: Clock, step: () => boolean, done: (longestMs: number) => void = () => {}): void {
  let longest = 0;
  const slice = () => {
    const begun = clock.elapsed();
    let took = 0;
    for (;;) {
      for (let i = 0; i < STEPS_PER_LOOK; i++) {
        if (!step()) {
          done(Math.max(longest, clock.elapsed() - begun));
          return;
        }
      }
      took = clock.elapsed() - begun;
      if (took >= SLICE_MS) break;
    }
    longest = Math.max(longest, took);
    clock.setTurn(slice);
  };
  slice();
}
