/** A client that checks what it gets as it comes and keeps nothing of it: some thousands of them fit into one process. */

import { get, type IncomingMessage } from 'node:http';
import type { Readable } from 'node:stream';
import { createParser } from 'eventsource-parser';
import { isHttp2 } from './legs.js';
import type { Served } from './served.js';

/** One entry of what was published. */
export interface Sent {
  readonly id: string;
  readonly channel: string;
}

export class RaceClient {
  /** What was wrong first, if anything was. */
  fault: string | undefined;
  received = 0;
  readonly #channels: ReadonlySet<string>;
  readonly #sent: readonly Sent[];
  /** Index in `sent` up to which everything of the channels has come. */
  #at: number;
  #stop: () => void = () => {};

  /** @param sent Grows while the client runs, in the order of the log. @param from Index of the first entry that the client lacks. */
  constructor(channels: readonly string[], sent: readonly Sent[], from: number) {
    this.#channels = new Set(channels);
    this.#sent = sent;
    this.#at = from;
  }

  /** The id that this client resumes from. */
  get lastEventId(): string {
    return this.#sent[this.#at - 1]?.id ?? '';
  }

  /** True once everything that was published has come. */
  get isDone(): boolean {
    return this.fault === undefined && this.#next() === undefined;
  }

  async open(server: Served, path: string): Promise<void> {
    const { lastEventId } = this;
    const body: Readable = isHttp2(server.leg)
      ? await server.http2.head(path, { lastEventId })
      : await new Promise<IncomingMessage>((resolve, reject) => {
          const headers = { 'last-event-id': lastEventId };
          get(`${server.origin}${path}`, { headers, agent: false }, resolve).on('error', reject);
        });
    const parser = createParser({ onEvent: ({ event, id, data }) => this.#take(event, id, data) });
    const decoder = new TextDecoder();
    body.on('data', (bytes: Uint8Array) => parser.feed(decoder.decode(bytes, { stream: true })));
    body.on('error', () => {});
    this.#stop = () => void body.destroy();
  }

  close(): void {
    this.#stop();
  }

  #take(event: string | undefined, id: string | undefined, data: string): void {
    if (event === 'sse.open') {
      if (id !== this.lastEventId) this.#fail(`opened at ${id}, not at ${this.lastEventId}`);
      return;
    }
    if (event !== undefined) return this.#fail(`got ${event} ${data}`);
    const next = this.#next();
    // It may come before the publisher knows its id.
    if (next === undefined) return this.#fail(`got ${id} before it was published`);
    if (next.entry.id !== id) return this.#fail(`got ${id}, not ${next.entry.id}`);
    this.#at = next.index + 1;
    this.received++;
  }

  #next(): { entry: Sent; index: number } | undefined {
    for (let index = this.#at; index < this.#sent.length; index++) {
      const entry = this.#sent[index] as Sent;
      if (this.#channels.has(entry.channel)) return { entry, index };
    }
    return undefined;
  }

  #fail(fault: string): void {
    this.fault ??= fault;
  }
}
