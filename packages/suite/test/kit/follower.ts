/** A client over HTTP/2 that resumes as EventSource does. Each cut kills its session, and with it the socket. */
import type { ReconnectingClient } from '@headwater/testing';
import { createParser } from 'eventsource-parser';
import { Http2Client } from './http2.js';
import { until } from './wait.js';

/** What is used of a reconnecting client, over whatever protocol. */
export interface Follower extends Pick<ReconnectingClient, 'lastEventId' | 'cut' | 'cutAfter' | 'close'> {
  readonly events: readonly { readonly event: string; readonly data: string; readonly id: string }[];
  readonly requests: readonly { readonly lastEventId: string; readonly status: number }[];
  when(condition: () => boolean): Promise<void>;
}

export class Http2Follower implements Follower {
  readonly events: { event: string; data: string; id: string }[] = [];
  readonly requests: { lastEventId: string; status: number }[] = [];
  lastEventId: string;
  readonly #origin: string;
  readonly #path: string;
  readonly #timeoutMs: number | undefined;
  #current: Http2Client | undefined;
  #budget = Number.POSITIVE_INFINITY;
  #isClosed = false;

  constructor(origin: string, path: string, options: { lastEventId?: string; timeoutMs?: number }) {
    this.#origin = origin;
    this.#path = path;
    this.lastEventId = options.lastEventId ?? '';
    this.#timeoutMs = options.timeoutMs;
    void this.#run();
  }

  cut(): void {
    this.#current?.close();
  }

  cutAfter(count: number): void {
    this.#budget = count;
  }

  when(condition: () => boolean): Promise<void> {
    return until(condition, this.#timeoutMs);
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    this.cut();
  }

  async #run(): Promise<void> {
    while (!this.#isClosed) {
      const client = new Http2Client(this.#origin);
      this.#current = client;
      await this.#read(client).catch(() => {});
      client.close();
    }
  }

  async #read(client: Http2Client): Promise<void> {
    const { lastEventId } = this;
    const request = { lastEventId, status: 0 };
    this.requests.push(request);
    const parser = createParser({
      onEvent: ({ id, event = 'message', data }) => {
        if (id !== undefined) this.lastEventId = id;
        this.events.push({ event, data, id: id ?? '' });
      },
    });
    const decoder = new TextDecoder();
    const stream = await client.head(this.#path, { lastEventId });
    request.status = stream.statusCode;
    for await (const chunk of stream as AsyncIterable<Buffer>) {
      const seen = chunk.subarray(0, this.#budget);
      this.#budget -= seen.length;
      parser.feed(decoder.decode(seen, { stream: true }));
      if (this.#budget > 0) continue;
      this.#budget = Number.POSITIVE_INFINITY;
      return;
    }
  }
}
