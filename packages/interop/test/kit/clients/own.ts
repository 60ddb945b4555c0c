/** Our own client, with its two interfaces. */
import { connect } from '@headwater/client';
import { EventSource } from '@headwater/client/event-source';
import { type Client, STANDARD, type Traits } from './client.js';
import { listen, type Source } from './event-source.js';

/** After 429 and 5xx it comes back, where the standard gives up. */
const traits: Traits = {
  ...STANDARD,
  asksAgainAfter: [429, 500, 502, 503, 504],
  knowsBye: true,
  takesIdWithoutData: false,
};

/** Many cuts in a row are no failures here, and a machine with much else to do is no silence of the server's. */
const OPTIONS = { backoffMs: 50, silenceMs: 30_000 } as const;

export const ownClient: Client = {
  name: '@headwater/client',
  traits: { ...traits, asksAgainAfter: [...traits.asksAgainAfter, 'html'] },
  connect(url, { types, headers }, tell) {
    const stream = connect(url, { headers, ...OPTIONS });
    for (const type of types) stream.on(type, ({ text, id }) => tell.event(type, text, id ?? ''));
    stream.on('sse.open', tell.opened);
    stream.on('sse.error', tell.failed);
    void stream.closed.then(tell.over);
    return () => stream.close();
  },
};

export const ownEventSource: Client = {
  name: '@headwater/client/event-source',
  traits,
  connect: (url, options, tell) =>
    listen(new EventSource(url, { headers: options.headers, ...OPTIONS }) as unknown as Source, options, tell),
};
