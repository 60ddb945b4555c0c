/**
 * The clients as a page has them, in one script. Each is told where to connect and which types to listen for, is left to its own defaults
 * otherwise, and tells what comes. Plain JavaScript: the tests are compiled without the types of the DOM.
 */
import { connect } from '@headwater/client';
import { EventSource as OwnEventSource } from '@headwater/client/event-source';
import { connectShared } from '@headwater/client/shared';
import { storedIn } from '@headwater/client/storage';
import { fetchEventSource } from '@microsoft/fetch-event-source';
import { EventSourcePolyfill } from 'event-source-polyfill';
import htmx from 'htmx.org';
import 'htmx-ext-sse';
import ReconnectingEventSource from 'reconnecting-eventsource';
import { SSE } from 'sse.js';

/** What looks like an EventSource. */
// Eight clients start at once, on a busy machine perhaps: that is no silence of the server's.
const SILENCE_MS = 30_000;

const listen = (source, { types }, tell) => {
  // sse.js opens for every answer.
  source.addEventListener('open', ({ responseCode = 200 }) => responseCode === 200 && tell.open());
  source.addEventListener('error', () => tell.error(source.readyState === EventSource.CLOSED));
  for (const type of types) {
    source.addEventListener(type, ({ data, lastEventId }) => tell.event(type, data, lastEventId));
  }
  return () => source.close();
};

const clients = {
  EventSource: (url, options, tell) => listen(new EventSource(url, options), options, tell),

  'event-source-polyfill': (url, options, tell) => listen(new EventSourcePolyfill(url, options), options, tell),

  'reconnecting-eventsource': (url, options, tell) => listen(new ReconnectingEventSource(url, options), options, tell),

  'fetch-event-source'(url, { withCredentials }, tell) {
    const abort = new AbortController();
    const observed = async (...args) => {
      const response = await fetch(...args);
      if (response.headers.get('content-type')?.startsWith('text/event-stream')) tell.open();
      return response;
    };
    fetchEventSource(url, {
      signal: abort.signal,
      credentials: withCredentials ? 'include' : 'same-origin',
      fetch: observed,
      openWhenHidden: true,
      onmessage: ({ event, data, id }) => tell.event(event || 'message', data, id),
      onerror: () => tell.error(false),
    }).then(tell.over, tell.over);
    return () => abort.abort();
  },

  'sse.js': (url, options, tell) => listen(new SSE(url, { ...options, autoReconnect: true }), options, tell),

  /** Its events are those that it has put into the page. */
  htmx(url, { types }, tell) {
    const element = document.createElement('div');
    element.innerHTML = `<p sse-swap="${types}" hx-swap="beforeend"></p>`;
    for (const [name, value] of Object.entries({ 'hx-ext': 'sse', 'sse-connect': url, 'sse-close': 'sse.bye' })) {
      element.setAttribute(name, value);
    }
    element.addEventListener('htmx:sseOpen', tell.open);
    element.addEventListener('htmx:sseError', () => tell.error(false));
    element.addEventListener('htmx:sseMessage', ({ detail: { type, data, lastEventId } }) =>
      tell.event(type, data, lastEventId),
    );
    element.addEventListener('htmx:sseClose', tell.over);
    document.body.append(element);
    htmx.process(element);
    return () => element.isConnected && htmx.remove(element);
  },

  '@headwater/client'(url, { types, withCredentials }, tell) {
    const stream = connect(url, { silenceMs: SILENCE_MS, ...(withCredentials && { credentials: 'include' }) });
    for (const type of types) stream.on(type, ({ text, id }) => tell.event(type, text, id));
    stream.on('sse.open', tell.open);
    stream.on('sse.error', () => tell.error(false));
    stream.closed.then(tell.over);
    return () => stream.close();
  },

  '@headwater/client/event-source': (url, options, tell) =>
    listen(new OwnEventSource(url, { ...options, silenceMs: SILENCE_MS }), options, tell),
};

/** Begins a client of that name, whose record is `followed` from now on. */
globalThis.follow = (name, url, { closeOn, ...options }) => {
  const record = { events: [], opens: 0, errors: 0, isOver: false };
  record.close = clients[name](url, options, {
    open: () => record.opens++,
    event(type, data, id) {
      record.events.push({ type, data, id });
      if (type === closeOn) record.close();
    },
    error(isOver) {
      record.errors++;
      record.isOver ||= isOver;
    },
    over() {
      record.isOver = true;
    },
  });
  globalThis.followed = record;
};

globalThis.headwater = { connect, connectShared, storedIn, EventSource: OwnEventSource };
