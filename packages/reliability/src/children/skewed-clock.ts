/** A clock whose wall time is wrong by as much as the trial wants, and can be set while it runs. Timers are the system's. */
import { type Clock, systemClock } from '@headwater/core';

export interface SkewedClock extends Clock {
  skewMs: number;
}

export function skewedClock(skewMs: number): SkewedClock {
  const clock: SkewedClock = { ...systemClock, skewMs, now: () => Date.now() + clock.skewMs };
  return clock;
}
