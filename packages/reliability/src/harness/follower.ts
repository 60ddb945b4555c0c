/**
 * Follower: a client that resumes with Last-Event-ID as EventSource does, and hands on what it gets instead of keeping it.
 * It does not obey `retry`: the trials want it back at once. Its URL is asked for at every connect, so that it can hop.
 */
import { type ClientRequest, get, type IncomingMessage } from 'node:http';
import { createParser } from 'eventsource-parser';

/** An event as it came; `id` is undefined where it carried none. */
export interface Taken {
  readonly event: string;
  readonly id: string | undefined;
  readonly data: string;
}

export interface FollowerOptions {
  readonly url: () => string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly lastEventId?: string;
  /** Gets what is not a control event. */
  readonly onEvent: (event: Taken) => void;
  /** Gets `sse.*`. */
  readonly onControl?: (event: Taken) => void;
}

/** One stream's beginning. */
export interface Opened {
  readonly resume: string;
  /** What the request carried, '' for nothing. */
  readonly lastEventId: string;
  /** Milliseconds, `performance.now()`, when `sse.open` was there. */
  readonly at: number;
}

/** Long enough not to spin while a server restarts, short enough not to count in what is measured. */
const AFTER_FAILURE_MS = 20;

export class Follower {
  lastEventId: string;
  /** Resolves with the first `sse.open`. */
  readonly opened: Promise<void>;
  readonly opens: Opened[] = [];
  /** What `sse.reset` said, as it came. */
  readonly resets: { reason: string; channels: string[] }[] = [];
  /** Connections that ended by themselves or broke. */
  losses = 0;
  /** Milliseconds, `performance.now()`, of the newest byte. */
  heardAt = 0;
  readonly #options: FollowerOptions;
  #request: ClientRequest | undefined;
  #isOpen = false;
  #isClosed = false;
  #resolveOpened: () => void = () => {};

  constructor(options: FollowerOptions) {
    this.#options = options;
    this.lastEventId = options.lastEventId ?? '';
    this.opened = new Promise((resolve) => {
      this.#resolveOpened = resolve;
    });
    this.#connect();
  }

  /** True between `sse.open` and the end of that stream. */
  get isOpen(): boolean {
    return this.#isOpen;
  }

  /** Breaks the connection, which is then made anew. */
  cut(): void {
    const request = this.#request;
    this.#request = undefined;
    this.#isOpen = false;
    request?.destroy();
    this.#connect();
  }

  close(): void {
    this.#isClosed = true;
    this.#request?.destroy();
    this.#request = undefined;
    this.#isOpen = false;
  }

  #connect(): void {
    if (this.#isClosed || this.#request) return;
    const { lastEventId } = this;
    const headers = { ...this.#options.headers, ...(lastEventId ? { 'last-event-id': lastEventId } : {}) };
    const request = get(this.#options.url(), { headers, agent: false }, (response) =>
      this.#read(request, response, lastEventId),
    );
    this.#request = request;
    request.on('error', () => this.#lost(request));
  }

  #read(request: ClientRequest, response: IncomingMessage, lastEventId: string): void {
    const decoder = new TextDecoder();
    const parser = createParser({
      onEvent: ({ event = 'message', id, data }) => {
        // An event of a cut connection that was parsed in the same chunk was not received: the application has gone.
        if (this.#request === request) this.#take({ event, id, data }, lastEventId);
      },
    });
    response.on('data', (bytes: Uint8Array) => {
      this.heardAt = performance.now();
      if (response.statusCode === 200) parser.feed(decoder.decode(bytes, { stream: true }));
    });
    response.on('error', () => this.#lost(request));
    response.on('close', () => this.#lost(request));
  }

  #take(event: Taken, lastEventId: string): void {
    if (event.id !== undefined) this.lastEventId = event.id;
    if (!event.event.startsWith('sse.')) return this.#options.onEvent(event);
    if (event.event === 'sse.open') {
      this.#isOpen = true;
      this.#resolveOpened();
      this.opens.push({ resume: JSON.parse(event.data).resume, lastEventId, at: performance.now() });
    }
    if (event.event === 'sse.reset') this.resets.push(JSON.parse(event.data));
    this.#options.onControl?.(event);
  }

  #lost(request: ClientRequest): void {
    if (this.#request !== request) return;
    this.#request = undefined;
    this.#isOpen = false;
    if (this.#isClosed) return;
    this.losses++;
    request.destroy();
    setTimeout(() => this.#connect(), AFTER_FAILURE_MS);
  }
}
