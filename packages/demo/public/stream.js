/** The stream: a native EventSource, and what it takes to come back with another one. */

const CONTROL = ['open', 'reset', 'snapshot', 'live', 'ping', 'busy', 'expiring', 'bye'].map((name) => `sse.${name}`);
const REOPEN_MS = 5_000;

/**
 * Opens the stream at `url`, from after `lastEventId` on. `onEvent` gets each event of `types` and of the protocol, `onState`
 * one of connecting, live, reconnecting and closed. Returns what closes it.
 */
export function openStream({ url, lastEventId, types, onEvent, onState }) {
  let position = lastEventId;
  let source;
  let timer;

  const take = (event) => {
    if (event.lastEventId) position = event.lastEventId;
    onEvent(event);
    // The one way in which a server can say for good that there is nothing more.
    if (event.type === 'sse.bye') close();
  };
  const close = () => {
    clearTimeout(timer);
    source.close();
    onState('closed');
  };
  const open = () => {
    // A browser sends Last-Event-ID only when it reconnects by itself: a page that was loaded anew has to say it in the address.
    const address = new URL(url);
    if (position) address.searchParams.set('lastEventId', position);
    source = new EventSource(address);
    source.onopen = () => onState('live');
    source.onerror = () => {
      if (source.readyState !== EventSource.CLOSED) return onState('reconnecting');
      // An answer that is no stream ends an EventSource for ever. It came from something on the way, a proxy say.
      onState('closed');
      timer = setTimeout(open, REOPEN_MS);
    };
    for (const type of [...types, ...CONTROL]) source.addEventListener(type, take);
  };

  onState('connecting');
  open();
  return close;
}
