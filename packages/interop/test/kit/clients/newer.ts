/** Clients that need Node 22 or newer: eventsource 5, undici 8, and the EventSource of Node itself (`--experimental-eventsource`). */
import { EventSource as EventSource5 } from 'eventsource5';
import { EventSource as UndiciEventSource } from 'undici8';
import { type Client, STANDARD } from './client.js';
import { fetchWith, listen, type Source } from './event-source.js';

const eventsource5: Client = {
  name: 'eventsource 5',
  traits: STANDARD,
  connect: (url, options, tell) =>
    listen(new EventSource5(url, { fetch: fetchWith(options.headers) as never }) as Source, options, tell),
};

const undici8: Client = {
  name: 'undici 8',
  // It asks once more, as if for a password.
  traits: { ...STANDARD, sendsHeaders: false, asksAgainAfter: [401] },
  connect: (url, options, tell) => listen(new UndiciEventSource(url) as unknown as Source, options, tell),
};

const { EventSource: NodeEventSource } = globalThis as unknown as { EventSource?: new (url: string) => Source };

const node: Client | undefined = NodeEventSource && {
  name: 'the EventSource of Node',
  traits: { ...STANDARD, sendsHeaders: false },
  connect: (url, options, tell) => listen(new NodeEventSource(url), options, tell),
};

export const NEWER: readonly Client[] = [eventsource5, undici8, ...(node ? [node] : [])];
