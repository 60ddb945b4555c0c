/** Author: a hub of the trial's own process over the trial's store, that publishes letters at a pace. It serves nobody. */
import { createHub, type Hub, type HubOptions, systemClock } from '@headwater/core';
import { below } from '../harness/random.js';
import { pause } from '../harness/wait.js';
import { openStore } from '../stores/index.js';
import type { StoreSpec } from '../stores/store.js';
import type { Trial } from '../trial.js';

const PACE_MS = 10;

/** A hub over the trial's store, which ends with the trial. */
export function openHub(trial: Trial, options: HubOptions = {}, spec: StoreSpec = trial.spec()): Hub {
  const store = openStore(spec, systemClock);
  const hub = createHub({ store, ...options });
  trial.defer(async () => {
    await hub.close();
    await store.close();
  });
  return hub;
}

/** Publishes until it is stopped. `stop` resolves to the number of letters, all of them acknowledged. */
export function publishSteadily(
  trial: Trial,
  hub: Hub,
  { channels, perSecond }: { channels: readonly string[]; perSecond: number },
): { stop(): Promise<number> } {
  const { ledger, random } = trial;
  let isStopped = false;
  const running = (async () => {
    const begun = performance.now();
    let count = 0;
    while (!isStopped) {
      const due = Math.ceil(((performance.now() - begun) * perSecond) / 1_000) - count;
      const letters = Array.from({ length: due }, () =>
        ledger.write(channels[below(random, channels.length)] as string, random),
      );
      const published = await Promise.all(letters.map(({ channel, data }) => hub.publish(channel, data)));
      for (const [index, { id }] of published.entries()) ledger.acknowledge((letters[index] as { n: number }).n, id);
      count += due;
      await pause(PACE_MS);
    }
    return count;
  })();
  const stop = () => {
    isStopped = true;
    return running;
  };
  // A trial that fails does so for a better reason.
  trial.defer(() => stop().catch(() => {}));
  return { stop };
}
