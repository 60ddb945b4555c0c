/**
 * ReconnectingStream: one connection after the other, with one log of what they brought. At most one connection is current; what a
 * former one still says is not heard.
 */
import type { Buffer } from 'node:buffer';
import { once } from 'node:events';
import type { IncomingMessage } from 'node:http';
// Imported, not global: a test runner's fake timers would hold it still.
import { setTimeout } from 'node:timers';
import { dial, type Line } from './dial.js';
import { WaitingClient } from './event-waits.js';
import { EventReader } from './reader.js';
import type { Cut, GivenUp, ReconnectingClient, ReconnectingClientOptions } from './reconnecting-client.js';
import { report } from './report.js';
import { openRequest } from './request.js';

// Long enough not to spin while a server restarts.
const AFTER_FAILURE_MS = 10;

const EVENT_STREAM = /^text\/event-stream\s*(;|$)/i;

export class ReconnectingStream extends WaitingClient implements ReconnectingClient {
  readonly requests: { lastEventId: string; status: number }[] = [];
  readonly closed: Promise<GivenUp>;
  readonly #url: URL;
  readonly #options: ReconnectingClientOptions;
  #current: Line | undefined;
  #isConnected = false;
  #cutAfter: { left: number; how: Cut } | undefined;
  #givenUp: GivenUp | undefined;
  #resolveClosed!: (givenUp: GivenUp) => void;

  constructor(url: URL, options: ReconnectingClientOptions) {
    super(options.timeoutMs ?? 5_000, options.lastEventId);
    this.#url = url;
    this.#options = options;
    this.closed = new Promise((resolve) => {
      this.#resolveClosed = resolve;
    });
    this.#connect();
  }

  get isConnected(): boolean {
    return this.#isConnected;
  }

  cut(how: Cut = 'reset'): void {
    const line = this.#drop();
    if (how === 'reset') line?.reset();
    else line?.socket.destroy();
    this.#connect();
  }

  cutAfter(count: number, how: Cut = 'reset'): void {
    if (!Number.isSafeInteger(count) || count < 1) {
      throw new RangeError(`cutAfter() needs a count of bytes, not ${String(count)}`);
    }
    this.#cutAfter = { left: count, how };
  }

  async close(): Promise<void> {
    const socket = this.#current?.socket;
    this.#giveUp('close');
    if (socket?.closed === false) await once(socket, 'close');
  }

  protected report(): string {
    const state = this.#givenUp ? 'given up' : this.#isConnected ? 'connected' : 'connecting';
    const label = `GET ${this.#url}, request ${this.requests.length}`;
    return report({ label, state, received: this.received });
  }

  #connect(): void {
    if (this.#givenUp !== undefined || this.#current !== undefined) return;
    const { lastEventId } = this;
    const attempt = { lastEventId, status: 0 };
    this.requests.push(attempt);
    const line = dial(this.#url, this.#options.tls);
    const headers = { 'cache-control': 'no-cache', ...this.#options.headers };
    const request = openRequest(this.#url, line, { headers, lastEventId });
    this.#current = line;
    request.on('response', (response) => {
      attempt.status = response.statusCode ?? 0;
      if (this.#current === line) this.#read(line, response);
    });
    // Also emitted where the connection breaks behind the head; then there is no need to wait.
    request.on('error', () => this.#lost(line, attempt.status === 0 ? AFTER_FAILURE_MS : 0));
    request.end();
  }

  #read(line: Line, response: IncomingMessage): void {
    // "If res's status is not 200, or if res's `Content-Type` is not `text/event-stream`, then fail the connection."
    if (response.statusCode !== 200) this.#giveUp('status');
    else if (!EVENT_STREAM.test(response.headers['content-type'] ?? '')) this.#giveUp('content-type');
    else this.#listen(line, response);
  }

  #listen(line: Line, response: IncomingMessage): void {
    const reader = new EventReader(this.received);
    this.#isConnected = true;
    response.on('data', (bytes: Buffer) => {
      if (this.#current === line) this.#push(reader, bytes);
    });
    response.on('error', () => this.#lost(line));
    response.on('end', () => {
      if (this.#current === line) reader.end();
      this.#lost(line);
    });
    this.waits.check();
  }

  #push(reader: EventReader, bytes: Buffer): void {
    const limit = this.#cutAfter;
    const seen = limit === undefined ? bytes : bytes.subarray(0, limit.left);
    reader.push(seen);
    if (limit !== undefined) {
      limit.left -= seen.length;
      if (limit.left === 0) {
        this.#cutAfter = undefined;
        this.cut(limit.how);
      }
    }
    this.waits.check();
  }

  #lost(line: Line, waitMs = 0): void {
    if (this.#current !== line) return;
    this.#drop();
    line.socket.destroy();
    this.waits.check();
    if (waitMs === 0) this.#connect();
    else setTimeout(() => this.#connect(), waitMs);
  }

  /** From here on nobody listens to the current connection. */
  #drop(): Line | undefined {
    const line = this.#current;
    this.#current = undefined;
    this.#isConnected = false;
    return line;
  }

  #giveUp(reason: GivenUp['reason']): void {
    if (this.#givenUp !== undefined) return;
    const status = this.requests.at(-1)?.status ?? 0;
    this.#givenUp = { reason, status };
    this.#drop()?.socket.destroy();
    this.#resolveClosed(this.#givenUp);
    this.waits.end(reason === 'close' ? 'this side has closed the client' : `the client gave up: ${reason} ${status}`);
  }
}
