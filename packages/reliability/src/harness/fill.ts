/** Fills a log with plain numbered entries, past the hub: history that would take long to publish. */
import { formatEventId, newEpoch, systemClock } from '@headwater/core';
import { openStore } from '../stores/index.js';
import type { StoreSpec } from '../stores/store.js';

const BATCH = 1_000;

/** The data of entry `n`: about 100 bytes. */
export function dataOf(n: number): string {
  return `${n} ${'x'.repeat(90)}`;
}

/** Appends `count` entries to `channel`, numbered from 1, and closes the store. Resolves to the id of a place. */
export async function fill(spec: StoreSpec, channel: string, count: number): Promise<(seq: number) => string> {
  const store = openStore(spec, systemClock);
  const epoch = newEpoch();
  await store.startEpoch(epoch);
  for (let seq = 0; seq < count; seq += BATCH) {
    const entries = Array.from({ length: Math.min(BATCH, count - seq) }, (_, index) => ({
      channel,
      body: Buffer.from(`data: ${dataOf(seq + index + 1)}\n`),
      time: Date.now(),
    }));
    await store.append(entries, { epoch, seq });
  }
  await store.close();
  return (seq) => formatEventId(epoch, seq);
}
