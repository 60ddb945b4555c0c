/**
 * What the demo publishes: samples of telemetry, and the lines of a log.
 * Invariant: the samples in the log are numbered without a gap, whatever fails and whoever is killed in between. That is what
 * lets a page prove that it has received every one of them.
 */
import type { Hub, Store } from '@headwater/core';
import type { DemoEvents } from './channels.js';
import { dataOf, newestEntry } from './history.js';
import { Tail } from './tail.js';
import { Telemeter, type Telemetry } from './telemetry.js';

/** Telemetry as it is published: with a number that counts the samples of the log. */
export interface Sample extends Telemetry {
  readonly number: number;
}

export interface SourceOptions {
  /** The file whose lines are published. */
  readonly log: string;
  /** Time between two samples, in milliseconds. Default 200: enough of them that a few seconds without matter. */
  readonly intervalMs?: number | undefined;
  readonly onError: (error: unknown) => void;
}

/** Begins to publish. What is answered ends it, and resolves when nothing more will come. */
export async function startSources(
  hub: Hub<DemoEvents>,
  store: Store,
  { log, intervalMs = 200, onError }: SourceOptions,
): Promise<() => Promise<void>> {
  await hub.ready();
  const stopSampling = sampleEvery(intervalMs, hub, await lastNumber(store), onError);
  // A store that has lines already has those that stand at the end of the file.
  const isKnown = (await newestEntry(store, 'log')) !== undefined;
  const tail = new Tail(log, {
    ...(isKnown ? { lastLines: 0 } : {}),
    onLine: (line) => hub.publish('log', { event: 'line', data: line }),
    onError,
  });
  return async () => {
    await stopSampling();
    await tail.close();
  };
}

/** The number of the newest sample in the store, 0 where there is none. */
export async function lastNumber(store: Store): Promise<number> {
  const entry = await newestEntry(store, 'telemetry');
  return entry ? (JSON.parse(dataOf(entry)) as Sample).number : 0;
}

/** One at a time, so that a store which is slow gets fewer samples and not a queue of them. */
function sampleEvery(intervalMs: number, hub: Hub<DemoEvents>, last: number, onError: SourceOptions['onError']) {
  const telemeter = new Telemeter();
  let number = last + 1;
  let publishing: Promise<void> | undefined;
  const publish = async () => {
    try {
      const data = { number, ...telemeter.sample() };
      // Where the answer was lost the sample may have been stored all the same: the key keeps its number from being used twice.
      await hub.publish('telemetry', { event: 'telemetry', data }, { key: `sample-${number}` });
      number++;
    } catch (error) {
      onError(error);
    }
    publishing = undefined;
  };
  const timer = setInterval(() => {
    publishing ??= publish();
  }, intervalMs);
  return async () => {
    clearInterval(timer);
    telemeter.close();
    await publishing;
  };
}
