/** Patient: a client that obeys `retry` to the letter, as EventSource does, and for which any other status than 200 is final. */
import { type ClientRequest, get } from 'node:http';
import { createParser } from 'eventsource-parser';

export class Patient {
  /** Milliseconds, `performance.now()`, of each `sse.open`. */
  readonly opens: number[] = [];
  /** Reconnection times that refusals announced, in milliseconds. */
  readonly waits: number[] = [];
  /** True after an answer that ends an EventSource for good. */
  isDead = false;
  received = 0;
  resets = 0;
  lastEventId = '';
  readonly #url: string;
  #request: ClientRequest | undefined;
  #timer: NodeJS.Timeout | undefined;
  #retryMs = 3_000;
  #isOpen = false;
  #isClosed = false;

  constructor(url: string) {
    this.#url = url;
    this.#connect();
  }

  get isOpen(): boolean {
    return this.#isOpen;
  }

  close(): void {
    this.#isClosed = true;
    clearTimeout(this.#timer);
    this.#request?.destroy();
  }

  #connect(): void {
    const headers = this.lastEventId ? { 'last-event-id': this.lastEventId } : {};
    let isOver = false;
    const over = () => {
      if (isOver) return;
      isOver = true;
      this.#isOpen = false;
      if (!this.#isClosed && !this.isDead) this.#timer = setTimeout(() => this.#connect(), this.#retryMs);
    };
    this.#request = get(this.#url, { headers, agent: false }, (response) => {
      if (response.statusCode !== 200) this.isDead = true;
      const decoder = new TextDecoder();
      const parser = createParser({
        onRetry: (ms) => {
          this.#retryMs = ms;
        },
        onEvent: ({ event = 'message', id }) => this.#take(event, id),
      });
      response.on('data', (bytes: Uint8Array) => parser.feed(decoder.decode(bytes, { stream: true })));
      response.on('error', over);
      response.on('close', over);
    });
    this.#request.on('error', over);
  }

  #take(event: string, id: string | undefined): void {
    if (id !== undefined) this.lastEventId = id;
    if (event === 'sse.busy') this.waits.push(this.#retryMs);
    if (event === 'sse.reset') this.resets++;
    if (!event.startsWith('sse.')) this.received++;
    if (event !== 'sse.open') return;
    this.#isOpen = true;
    this.opens.push(performance.now());
  }
}
