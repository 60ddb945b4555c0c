/**
 * SlowConnection: a socket that is read within a budget of bytes. `read` adds to it, `resume` lifts it, `pause` takes it away.
 * Until the head is complete everything is read; what came behind it in the same piece waits here.
 */
import { Buffer } from 'node:buffer';
import type { IncomingHttpHeaders } from 'node:http';
// Imported, not global: a test runner's fake timers would hold it still.
import { setImmediate } from 'node:timers';
import { Bytes } from './bytes.js';
import { type Closing, describeClosing } from './closing.js';
import type { Line } from './dial.js';
import { WaitingClient } from './event-waits.js';
import { BodyDecoder, type ResponseHead, readHead } from './http-reader.js';
import { EventReader } from './reader.js';
import { report } from './report.js';
import type { SlowClient } from './slow-client.js';

interface Pace {
  readonly label: string;
  readonly bytesPerRead: number;
  readonly timeoutMs: number;
}

export class SlowConnection extends WaitingClient implements SlowClient {
  readonly closed: Promise<Closing>;
  readonly #pace: Pace;
  readonly #line: Line;
  readonly #reader = new EventReader(this.received);
  readonly #body = new Bytes();
  #response: ResponseHead | undefined;
  #decoder: BodyDecoder | undefined;
  /** Taken from the socket, but not yet read. */
  #ahead: Buffer = Buffer.alloc(0);
  #budget = 0;
  /** The place in the body up to which calls of `read` have been served or are waiting. */
  #promised = 0;
  #isTurnQueued = false;
  #closing: Closing | undefined;

  constructor(line: Line, pace: Pace) {
    super(pace.timeoutMs);
    this.#line = line;
    this.#pace = pace;
    const { socket } = line;
    let error: Error | undefined;
    socket.on('error', (thrown) => {
      error = thrown;
    });
    // Reading in paused mode: the socket takes one piece ahead, and the next only when that one is gone.
    socket.on('readable', () => this.#pump());
    socket.on('end', () => this.#over({ reason: 'end' }));
    this.closed = new Promise((resolve) => {
      socket.on('close', () => resolve(this.#over({ reason: 'cut', ...(error && { error }) })));
    });
  }

  get status(): number {
    return this.#response?.status ?? 0;
  }

  get headers(): IncomingHttpHeaders {
    return this.#response?.headers ?? {};
  }

  get head(): string {
    return this.#response?.text ?? '';
  }

  get raw(): Buffer {
    return this.#body.all;
  }

  async opened(): Promise<void> {
    const what = `the head of ${this.#pace.label}`;
    await this.waits.add({ what, ordered: false, caller: this.opened }, () => this.#response);
  }

  read(count: number): Promise<Buffer> {
    if (!Number.isSafeInteger(count) || count < 0) {
      throw new RangeError(`read() needs a count of bytes, not ${String(count)}`);
    }
    const start = Math.max(this.#promised, this.#body.length);
    const end = start + count;
    this.#promised = end;
    this.#budget = Math.max(this.#budget, end - this.#body.length);
    this.#pump();
    return this.waits.add({ what: count === 1 ? '1 byte' : `${count} bytes`, ordered: false, caller: this.read }, () =>
      this.#body.length >= end ? this.raw.subarray(start, end) : undefined,
    );
  }

  resume(): void {
    this.#budget = Infinity;
    this.#pump();
  }

  pause(): void {
    this.#budget = 0;
  }

  destroy(): void {
    this.#over({ reason: 'close' });
    this.#line.reset();
  }

  end(): void {
    this.#over({ reason: 'close' });
    const { socket } = this.#line;
    socket.end();
    // A socket with a listener for `readable` does not flow.
    socket.removeAllListeners('readable').resume();
  }

  protected report(): string {
    const { label } = this.#pace;
    const state = this.#closing === undefined ? 'still open' : 'over';
    const text = `${this.#response?.text ?? ''}${this.raw}`;
    return report({ label, state, received: this.received, text });
  }

  #pump(): void {
    if (this.#isTurnQueued || this.#closing?.reason === 'close') return;
    try {
      this.#readOn();
    } catch (error) {
      // What came is not HTTP, and neither is the rest.
      this.#ahead = Buffer.alloc(0);
      this.#over({ reason: 'cut', error: error as Error });
      this.#line.reset();
    }
  }

  /** Reads what the budget allows, at most `bytesPerRead` in one turn. */
  #readOn(): void {
    if (this.#decoder === undefined) this.#readHead();
    if (this.#decoder === undefined) return;
    const bytes = this.#takeBytes(Math.min(this.#budget, this.#pace.bytesPerRead));
    if (bytes.length === 0) return;
    this.#budget -= bytes.length;
    this.#body.push(bytes);
    this.#reader.push(this.#decoder.decode(bytes));
    this.#isTurnQueued = true;
    setImmediate(() => {
      this.#isTurnQueued = false;
      this.#pump();
    });
    this.#announce();
  }

  #readHead(): void {
    const bytes: Buffer | null = this.#line.socket.read();
    if (bytes === null) return;
    this.#ahead = Buffer.concat([this.#ahead, bytes]);
    const split = readHead(this.#ahead);
    if (split === undefined) return;
    this.#response = split.head;
    this.#ahead = split.rest;
    this.#decoder = new BodyDecoder(split.head.headers);
    this.waits.check();
  }

  #takeBytes(most: number): Buffer {
    const { socket } = this.#line;
    if (this.#ahead.length === 0 && most > 0) {
      // A read of more than there is would give nothing; one of nothing asks for more.
      const bytes: Buffer | null = socket.read(Math.min(most, socket.readableLength) || undefined);
      if (bytes !== null) this.#ahead = bytes;
    }
    const bytes = this.#ahead.subarray(0, most);
    this.#ahead = this.#ahead.subarray(bytes.length);
    return bytes;
  }

  /** The first closing stands. */
  #over(closing: Closing): Closing {
    this.#closing ??= closing;
    if (this.#closing === closing && closing.reason === 'end') this.#reader.end();
    this.#announce();
    return this.#closing;
  }

  #announce(): void {
    this.waits.check();
    // What is still ahead can be read although the connection is over.
    const isOver = this.#closing !== undefined && (this.#ahead.length === 0 || this.#closing.reason === 'close');
    if (isOver) this.waits.end(describeClosing(this.#closing as Closing));
  }
}
