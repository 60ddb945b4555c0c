/**
 * Collector: one response, read as fast as it comes and kept whole. It judges nothing: a bad status or content type is there to
 * be seen. Where the bytes come from is `collect`'s business; they arrive through the `Flow`.
 */
import type { Buffer } from 'node:buffer';
import type { IncomingHttpHeaders } from 'node:http';
import { Bytes } from './bytes.js';
import { type Closing, describeClosing } from './closing.js';
import { type EventWaits, WaitingClient } from './event-waits.js';
import { EventReader } from './reader.js';
import type { ReceivedEvent } from './received.js';
import { report } from './report.js';

/**
 * A response and everything that it brings. Iterating it yields the events from the cursor on, ends with the stream, throws if the
 * connection breaks, and closes the stream where the loop is left.
 * @example
 * const stream = await collect(`${url}/news`);
 * stream.status; // 200
 * stream.headers['content-type']; // 'text/event-stream'
 * const event = await stream.next();
 * await stream.close();
 */
export interface Collector extends EventWaits, AsyncIterable<ReceivedEvent> {
  /** HTTP status; 0 for a plain `Readable`, which has none. */
  readonly status: number;
  /** Headers by their names in lower case. */
  readonly headers: IncomingHttpHeaders;
  /** The body so far, without transfer coding. A content coding is undone too where the client (`fetch`, supertest) does so. */
  readonly raw: Buffer;
  /** `raw` as text. */
  readonly text: string;
  /** False once the stream is over, for whatever reason. */
  readonly isOpen: boolean;
  /** Resolves when the stream is over, and never rejects. It has no deadline: `when(({ isOpen }) => !isOpen)` has. */
  readonly closed: Promise<Closing>;
  /** Hangs up. Safe to call more than once, and after the end. Rejects with the failed expectation of a supertest `Test`. */
  close(): Promise<void>;
}

/** The head of a response. */
export interface Head {
  readonly label: string;
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  /** Gives up the connection. May be called more than once, and after the end. */
  stop(): Promise<void> | void;
}

/** The body of a response. After `end` or `fail`, further calls count for nothing. */
export interface Flow {
  push(bytes: Uint8Array): void;
  end(): void;
  fail(error: Error): void;
}

export class ResponseCollector extends WaitingClient implements Collector, Flow {
  readonly closed: Promise<Closing>;
  readonly #head: Head;
  readonly #body = new Bytes();
  readonly #reader = new EventReader(this.received);
  #closing: Closing | undefined;
  #resolveClosed!: (closing: Closing) => void;

  constructor(head: Head, timeoutMs: number) {
    super(timeoutMs);
    this.#head = head;
    this.closed = new Promise((resolve) => {
      this.#resolveClosed = resolve;
    });
  }

  get status(): number {
    return this.#head.status;
  }

  get headers(): IncomingHttpHeaders {
    return this.#head.headers;
  }

  get raw(): Buffer {
    return this.#body.all;
  }

  get text(): string {
    return this.raw.toString('utf8');
  }

  get isOpen(): boolean {
    return this.#closing === undefined;
  }

  async close(): Promise<void> {
    this.#over({ reason: 'close' });
    await this.#head.stop();
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<ReceivedEvent, void, undefined> {
    const isOver = () => this.#closing !== undefined && this.#closing.reason !== 'cut';
    try {
      for (;;) {
        const event = await this.nextUnless(isOver);
        if (event === undefined) return;
        yield event;
      }
    } finally {
      await this.close();
    }
  }

  push(bytes: Uint8Array): void {
    if (!this.isOpen) return;
    this.#body.push(bytes);
    this.#reader.push(bytes);
    this.waits.check();
  }

  end(): void {
    if (!this.isOpen) return;
    this.#reader.end();
    this.#over({ reason: 'end' });
  }

  fail(error: Error): void {
    this.#over({ reason: 'cut', error });
  }

  protected report(): string {
    const { label, status, headers } = this.#head;
    const head = status === 0 ? label : `${label} (${status}, ${headers['content-type'] ?? 'no content-type'})`;
    return report({
      label: head,
      state: this.isOpen ? 'still open' : 'over',
      received: this.received,
      text: this.text,
    });
  }

  #over(closing: Closing): void {
    if (!this.isOpen) return;
    this.#closing = closing;
    this.#resolveClosed(closing);
    this.waits.end(describeClosing(closing));
  }
}
