/** What the demo publishes, and how a client follows it: the same for both frameworks. */
import type { Connection, Store } from '@headwater/core';
import { dataUpTo, placeAt } from './history.js';
import type { Sample } from './sources.js';

/** Channel, event, data. */
export type DemoEvents = {
  telemetry: { telemetry: Sample };
  log: { line: string };
};

/** As much as the page's plot is wide. */
const HISTORY_MS = 120_000;

/**
 * New pages get two minutes of telemetry, and the lines of the log up to there in one message; others get what they missed of both.
 * One id is a place in both channels: from it on everything comes by itself.
 */
export async function follow(stream: Connection, store: Store): Promise<void> {
  const channels = ['telemetry', 'log'];
  if (stream.lastEventId !== undefined) return void stream.subscribe(channels);
  const from = (await placeAt(store, 'telemetry', Date.now() - HISTORY_MS)) ?? stream.hub.health().head;
  void stream.send({ event: 'lines', data: await dataUpTo(store, 'log', from) });
  void stream.subscribe(channels, { from });
}
