/**
 * Watchdog: looks at the silence of a stream. Too long a one means that the server or the way to it is gone. A short one means that a
 * stream that resumed has caught up, where the server does not say so itself (`: live`): one that has history to send sends it as
 * fast as it is taken. Where there is never silence, time decides.
 *
 * A touch costs one number; the timer is set again only when it fires. One that fires much too late means that this process was
 * asleep and not the server: what came meanwhile may still wait to be read, so there is one short grace.
 */
import { type ClientClock, createAlarm } from './clock.js';

const LATE_MS = 1_000;
const GRACE_MS = 2_000;
/** Silence after which a stream counts as caught up, and the time after which it does so anyway. */
const QUIET_MS = 250;
const LONGEST_CATCH_UP_MS = 10_000;

export interface Watchdog {
  /** Milliseconds since something came. */
  silenceMs(): number;
  touch(): void;
  /** Watches from now on; 0 is off. Without a limit it goes on with the last one. */
  start(limitMs?: number): void;
  /** Waits for a short silence: two round trips at least. */
  catchUp(rttMs: number): void;
  /** The server will say when. */
  isTold(): void;
  /** There is no more to wait for. */
  caughtUp(): void;
  stop(): void;
}

export function createWatchdog(clock: ClientClock, silent: (limitMs: number) => void, quiet: () => void): Watchdog {
  const alarm = createAlarm(clock);
  const quietAlarm = createAlarm(clock);
  let limit = 0;
  let touchedAt = 0;
  const silenceMs = () => clock.elapsed() - touchedAt;
  const touch = () => {
    touchedAt = clock.elapsed();
  };
  const arm = (ms: number) => {
    const due = clock.elapsed() + ms;
    alarm.set(ms, () => {
      const left = limit - silenceMs();
      if (left > 0) arm(left);
      else if (clock.elapsed() - due > LATE_MS) arm(GRACE_MS);
      else silent(limit);
    });
  };
  const catchUp = (rttMs: number, until = clock.elapsed() + LONGEST_CATCH_UP_MS) => {
    const quietMs = Math.max(QUIET_MS, 2 * rttMs);
    quietAlarm.set(quietMs, () => {
      if (silenceMs() >= quietMs || clock.elapsed() >= until) quiet();
      else catchUp(rttMs, until);
    });
  };
  const caughtUp = () => {
    quietAlarm.clear();
    quiet();
  };
  return {
    silenceMs,
    touch,
    start(limitMs = limit) {
      touch();
      limit = limitMs;
      alarm.clear();
      if (limit > 0) arm(limit);
    },
    catchUp,
    isTold: quietAlarm.clear,
    caughtUp,
    stop() {
      alarm.clear();
      quietAlarm.clear();
    },
  };
}
