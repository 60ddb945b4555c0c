/** Every client that this version of Node can run. */
import type { Client } from './client.js';
import { eventsource4, extendedEventsource, launchdarklyEventsource, undici7 } from './event-source.js';
import { eventSourcePlus, eventsourceClient } from './others.js';
import { ownClient, ownEventSource } from './own.js';

/** Those that need Node 22 would not even load on Node 20. */
const newer = Number.parseInt(process.versions.node, 10) >= 22 ? (await import('./newer.js')).NEWER : [];

export const CLIENTS: readonly Client[] = [
  eventsource4,
  undici7,
  eventsourceClient,
  launchdarklyEventsource,
  extendedEventsource,
  eventSourcePlus,
  ownClient,
  ownEventSource,
  ...newer,
];
