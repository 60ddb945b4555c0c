/** Drain: empties a hub, or a part of it, without sending its clients away all at once. */
import type { HubCore } from './hub-core.js';
import type { CloseReason } from './observer.js';
import type { Outlet } from './outlet.js';

const STEP_MS = 100;
/** How long streams that have ended may take to hand over their last bytes before they are given up. */
const FAREWELL_MS = 500;

/**
 * Ends every stream, spread at random over `windowMs`, after `delayMs` in which the hub is not ready and still serves. Resolves when
 * the last one has ended and its last bytes are gone.
 */
export async function drain(core: HubCore, windowMs: number, delayMs: number): Promise<void> {
  core.admission.leaving = true;
  if (delayMs > 0) await sleep(core, delayMs);
  core.admission.draining = true;
  await sendAway(core, [...core.outlets], windowMs);
  // Who was let in while the last ones were sent away: a pipelined request, say.
  for (const outlet of [...core.outlets]) farewell(core, outlet, 'shutdown');
  for (let waited = 0; core.lingering > 0 && waited < FAREWELL_MS; waited += 20) {
    await sleep(core, 20);
    core.reapLingering(Number.NEGATIVE_INFINITY);
  }
  core.reapLingering(Number.POSITIVE_INFINITY);
}

/** Ends a share of the streams, chosen at random, in the same way. Resolves with how many. */
export async function shed(core: HubCore, share: number, windowMs: number): Promise<number> {
  const { random } = core.options;
  const chosen = shuffle([...core.outlets], random).slice(0, Math.round(share * core.outlets.size));
  await sendAway(core, chosen, windowMs, 'server');
  return chosen.length;
}

async function sendAway(
  core: HubCore,
  outlets: readonly Outlet[],
  windowMs: number,
  reason: CloseReason = 'shutdown',
): Promise<void> {
  const { clock, random } = core.options;
  // At random, but evenly: each has its own share of the window, so that no part of it sends away more than another.
  const due = shuffle(outlets, random).map((outlet, turn) => ({
    outlet,
    at: ((turn + random()) / outlets.length) * windowMs,
  }));
  const begun = clock.elapsed();
  for (let next = 0; next < due.length; ) {
    const passed = clock.elapsed() - begun;
    for (let entry = due[next]; entry && entry.at <= passed; entry = due[++next]) farewell(core, entry.outlet, reason);
    if (next < due.length) await sleep(core, STEP_MS);
  }
}

function shuffle<T>(list: readonly T[], random: () => number): T[] {
  return list
    .map((item) => ({ item, at: random() }))
    .sort((a, b) => a.at - b.at)
    .map(({ item }) => item);
}

function farewell(core: HubCore, outlet: Outlet, reason: CloseReason): void {
  outlet.end(reason, undefined, { retryMs: core.spreadRetryMs() });
}

function sleep(core: HubCore, ms: number): Promise<void> {
  return new Promise((resolve) => {
    core.options.clock.setTimer(resolve, ms, true);
  });
}
