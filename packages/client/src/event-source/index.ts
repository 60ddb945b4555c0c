/**
 * EventSource: the standard's interface (WHATWG HTML, section 9.2.2) over this client. What it does better than the native one: it
 * takes headers, a method and a body, and comes back after 429 and 5xx, for which a native one gives up for good.
 */
import type { ClientError } from '../errors.js';
import type { Incoming } from '../events.js';
import { type ConnectOptions, type Resolved, resolveOptions } from '../options.js';
import { createSession, type Session } from '../session.js';

/** Options of an {@link EventSource}: those of the standard and those of `connect`. */
export interface EventSourceInit
  extends Omit<ConnectOptions, 'parse' | 'plain' | 'credentials' | 'isFinal' | 'maxWaiting'> {
  readonly withCredentials?: boolean;
}

type Handler<E> = ((this: EventSource, event: E) => unknown) | null;

type Listener = ((event: MessageEvent) => void) | { handleEvent(event: MessageEvent): void };

interface ListenerOptions {
  readonly capture?: boolean;
  readonly once?: boolean;
  readonly passive?: boolean;
  readonly signal?: AbortSignal;
}

const CONNECTING = 0;
const OPEN = 1;
const CLOSED = 2;

/**
 * Can be put in the place of the native `EventSource`, with any server.
 * @throws SyntaxError (a `DOMException`) for a URL that is none, as the native one does.
 * @example
 * const source = new EventSource('/news', { withCredentials: true });
 * source.onmessage = ({ data }) => show(data);
 */
export class EventSource extends EventTarget {
  static readonly CONNECTING = CONNECTING;
  static readonly OPEN = OPEN;
  static readonly CLOSED = CLOSED;
  readonly CONNECTING = CONNECTING;
  readonly OPEN = OPEN;
  readonly CLOSED = CLOSED;
  readonly url: string;
  readonly withCredentials: boolean;
  readonly #session: Session;
  readonly #handlers = new Map<string, { handler: Handler<never>; listener: (event: Event) => void }>();
  #readyState: number = CONNECTING;
  #origin: string;

  constructor(url: string | URL, init: EventSourceInit = {}) {
    super();
    const options = resolve(url, init);
    this.withCredentials = init.withCredentials === true;
    this.url = options.url.href;
    this.#origin = options.url.origin;
    const observed = async (...args: Parameters<typeof fetch>) => {
      const response = await options.fetch(...args);
      // "Initialize event's origin attribute to the serialization of the origin of the event stream's final URL"
      this.#origin = new URL(response.url || this.url).origin;
      return response;
    };
    this.#session = createSession({ ...options, fetch: observed as typeof fetch } as Resolved, {
      event: (event) => this.#dispatch(event),
      status: ({ state }) => this.#became(state === 'live' || state === 'catching-up' ? OPEN : CONNECTING),
      // A connection that breaks is told by its status; a final error by the end.
      error: (error) => {
        if (this.#readyState === CONNECTING && !isFinal(error)) this.dispatchEvent(new Event('error'));
      },
      room: () => undefined,
      applied: () => this.#session.position.id,
      ended: ({ reason }) => this.#ended(reason !== 'client'),
    });
  }

  get readyState(): number {
    return this.#readyState;
  }

  get onopen(): Handler<Event> {
    return this.#handler('open');
  }

  set onopen(handler: Handler<Event>) {
    this.#handle('open', handler);
  }

  get onmessage(): Handler<MessageEvent> {
    return this.#handler('message');
  }

  set onmessage(handler: Handler<MessageEvent>) {
    this.#handle('message', handler);
  }

  get onerror(): Handler<Event> {
    return this.#handler('error');
  }

  set onerror(handler: Handler<Event>) {
    this.#handle('error', handler);
  }

  override addEventListener(type: string, listener: Listener | null, options?: boolean | ListenerOptions): void {
    super.addEventListener(type, listener as never, options);
  }

  override removeEventListener(type: string, listener: Listener | null, options?: boolean | ListenerOptions): void {
    super.removeEventListener(type, listener as never, options);
  }

  close(): void {
    this.#readyState = CLOSED;
    this.#session.close();
  }

  #dispatch({ type, text, id }: Incoming): void {
    if (this.#readyState === CLOSED) return;
    this.dispatchEvent(new MessageEvent(type, { data: text, lastEventId: id, origin: this.#origin }));
  }

  /** "announce the connection", "reestablish the connection": each fires one event. */
  #became(state: number): void {
    if (this.#readyState === CLOSED || this.#readyState === state) return;
    this.#readyState = state;
    this.dispatchEvent(new Event(state === OPEN ? 'open' : 'error'));
  }

  /** "fail the connection" */
  #ended(isFailure: boolean): void {
    this.#readyState = CLOSED;
    if (isFailure) this.dispatchEvent(new Event('error'));
  }

  #handler<E>(type: string): Handler<E> {
    return (this.#handlers.get(type)?.handler as Handler<E> | undefined) ?? null;
  }

  #handle<E>(type: string, handler: Handler<E>): void {
    const former = this.#handlers.get(type);
    if (former) this.removeEventListener(type, former.listener);
    this.#handlers.delete(type);
    if (typeof handler !== 'function') return;
    const listener = (event: Event) => void handler.call(this, event as E);
    this.#handlers.set(type, { handler: handler as Handler<never>, listener });
    this.addEventListener(type, listener);
  }
}

function resolve(url: string | URL, { withCredentials, ...init }: EventSourceInit): Resolved {
  const credentials = withCredentials ? 'include' : 'same-origin';
  try {
    return resolveOptions(url, { ...init, credentials, isFinal, plain: true, parse: (text) => text });
  } catch (error) {
    if (error instanceof TypeError) throw new DOMException(`Not a URL: ${url}`, 'SyntaxError');
    throw error;
  }
}

/** What fails the connection for good; the standard knows nothing of servers that are only busy. */
function isFinal({ code, status = 0 }: ClientError): boolean {
  if (code === 'ERR_CLIENT_STATUS') return status !== 429 && status < 500;
  return code === 'ERR_CLIENT_CONTENT_TYPE' || code === 'ERR_CLIENT_TOO_LARGE';
}
