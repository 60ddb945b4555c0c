/** ProcessClock: a fake clock on which looking at the time takes time, so that long loops are cut into slices. */
import { type FakeClock, fakeClock } from '@headwater/testing';
import type { Random } from './random.js';

export type ProcessClock = FakeClock;

/** `slowMs`: the most that one look takes. 0 for a clock that stands still between steps. */
export function processClock(now: number, slowMs: number, random: Random): ProcessClock {
  const clock = fakeClock({ now });
  if (slowMs === 0) return clock;
  const elapsed = clock.elapsed.bind(clock);
  let worked = 0;
  clock.elapsed = () => {
    worked += random.next() * slowMs;
    return elapsed() + worked;
  };
  return clock;
}
