/** Clients with the interface of EventSource: the standard's, and those that copy it. */
import { EventSource as EventSource4 } from 'eventsource';
import { EventSource as ExtendedEventSource } from 'extended-eventsource';
// @ts-expect-error: it has no types.
import launchdarkly from 'launchdarkly-eventsource';
import { EventSource as UndiciEventSource } from 'undici';
import { type Client, type ConnectOptions, STANDARD, type Tell } from './client.js';

/** What they have in common. */
export interface Source {
  readonly readyState: number;
  addEventListener(type: string, listener: (event: SourceEvent) => void): void;
  close(): void;
}

interface SourceEvent {
  readonly data?: unknown;
  readonly lastEventId?: string;
}

const CLOSED = 2;

export function listen(source: Source, { types }: ConnectOptions, tell: Tell): () => void {
  source.addEventListener('open', tell.opened);
  source.addEventListener('error', () => {
    tell.failed();
    if (source.readyState === CLOSED) tell.over();
  });
  for (const type of types) {
    source.addEventListener(type, ({ data, lastEventId }) => tell.event(type, String(data), lastEventId ?? ''));
  }
  return () => source.close();
}

/** Headers go with its `fetch`. */
export const fetchWith =
  (headers: ConnectOptions['headers']) => (url: string | URL, init: { headers?: Record<string, string> }) =>
    fetch(url, { ...(init as RequestInit), headers: { ...init.headers, ...headers } });

export const eventsource4: Client = {
  name: 'eventsource 4',
  traits: { ...STANDARD, remembersId: false, takesIdWithoutData: false, ignoresCaseOfType: false },
  connect: (url, options, tell) =>
    listen(new EventSource4(url, { fetch: fetchWith(options.headers) as never }) as Source, options, tell),
};

export const undici7: Client = {
  name: 'undici 7',
  traits: { ...STANDARD, sendsHeaders: false },
  connect: (url, options, tell) => listen(new UndiciEventSource(url) as unknown as Source, options, tell),
};

export const extendedEventsource: Client = {
  name: 'extended-eventsource',
  traits: { ...STANDARD, takesIdEarly: true, makesEmptyMessages: true, ignoresCaseOfType: false },
  connect: (url, options, tell) =>
    listen(
      new ExtendedEventSource(url, { headers: { ...options.headers }, disableLogger: true }) as never,
      options,
      tell,
    ),
};

export const launchdarklyEventsource: Client = {
  name: 'launchdarkly-eventsource',
  traits: { ...STANDARD, asksAgainAfter: [500, 502, 503, 504, 'html'], takesIdWithoutData: false, decompresses: false },
  connect(url, options, tell) {
    const source: Source = new launchdarkly.EventSource(url, { headers: options.headers });
    source.addEventListener('end', tell.failed);
    source.addEventListener('closed', tell.over);
    return listen(source, options, tell);
  },
};
