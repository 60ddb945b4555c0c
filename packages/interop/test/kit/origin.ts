/**
 * Origin: a server in one of our frameworks with a stream of numbers, and what happens to servers: connections that end in three
 * ways, restarts on the same port, refusals, farewells. It keeps what it was asked.
 */
import { createHub, type Hub, type HubOptions } from '@headwater/core';
import { freePort } from '@headwater/services';
import { onTestFinished } from 'vitest';
import {
  FRAMEWORKS,
  type Framework,
  type Handler,
  type ServeOptions,
} from '../../../suite/test/chromium/frameworks.js';

export { FRAMEWORKS, type Framework };

/** How a stream ends: as a complete answer, or cut off by FIN or by RST. */
export type Ending = 'complete' | 'fin' | 'rst';

/** An answer without a stream. */
export interface Refusal {
  readonly status: number;
  readonly headers?: Readonly<Record<string, string>>;
}

export interface OriginOptions extends Pick<ServeOptions, 'origins' | 'whenDone'> {
  /** Of the hub. The shortest `retry` unless said otherwise. */
  readonly hub?: HubOptions;
}

/** One request for a stream. */
export interface SeenRequest {
  readonly method: string;
  readonly url: string;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  /** The header's, '' for none. */
  readonly lastEventId: string;
}

type Server = Awaited<ReturnType<Framework['serve']>>;

export class Origin {
  readonly hub: Hub;
  readonly url: string;
  /** Streams that were asked for; preflights with `method` OPTIONS. */
  readonly requests: SeenRequest[] = [];
  /** While set, every stream is refused so; a function is asked each time. */
  refusal: Refusal | (() => Refusal | undefined) | undefined;
  readonly #framework: Framework;
  readonly #port: number;
  readonly #options: OriginOptions;
  #server: Server | undefined;
  #last = 0;

  private constructor(framework: Framework, port: number, options: OriginOptions) {
    this.#framework = framework;
    this.#port = port;
    this.#options = options;
    this.hub = createHub({ retryMs: 250, ...options.hub });
    this.url = `http://127.0.0.1:${port}`;
  }

  /** Listens until the test is done. */
  static async start(framework: Framework, options: OriginOptions = {}): Promise<Origin> {
    const origin = new Origin(framework, await freePort(), options);
    (options.whenDone ?? onTestFinished)(() => origin.hub.close());
    await origin.start();
    return origin;
  }

  /** The numbers from now on; `/history` has those from the beginning. */
  get stream(): string {
    return `${this.url}/numbers`;
  }

  /** The last number so far. */
  get last(): number {
    return this.#last;
  }

  /** Publishes the next numbers: the odd ones as plain messages, the even ones as events of the type `even`. */
  async publish(count: number): Promise<void> {
    const numbers = Array.from({ length: count }, () => ++this.#last);
    const publish = (data: number) => this.hub.publish('numbers', data % 2 ? { data } : { data, event: 'even' });
    await Promise.all(numbers.map(publish));
  }

  /** Ends every open stream. */
  end(how: Ending): void {
    if (how === 'complete') this.hub.disconnect(() => true, 'server');
    else for (const socket of this.#running.sockets) how === 'rst' ? socket.resetAndDestroy() : socket.destroySoon();
  }

  /** Ends every open stream with `sse.bye`. */
  bye(): void {
    for (const connection of this.hub.connections) connection.close({ final: true });
  }

  /** Dies with its connections; the hub stays. Nobody listens until `start`. */
  async stop(): Promise<void> {
    await this.#running.kill();
    this.#server = undefined;
  }

  async start(): Promise<void> {
    const { origins, whenDone } = this.#options;
    this.#server = await this.#framework.serve(this.#answer, {
      hub: this.hub,
      port: this.#port,
      onRequest: ({ method = '', url = '', headers }) => {
        if (url !== '/')
          this.requests.push({ method, url, headers, lastEventId: String(headers['last-event-id'] ?? '') });
      },
      ...(origins && { origins }),
      ...(whenDone && { whenDone }),
    });
  }

  get #running(): Server {
    if (this.#server) return this.#server;
    throw new Error('The origin is stopped');
  }

  readonly #answer: Handler = (exchange) => {
    const { refusal } = this;
    const refused = typeof refusal === 'function' ? refusal() : refusal;
    if (refused) return exchange.answer(refused.status, refused.headers);
    const [path] = exchange.request.url?.split('?') ?? [];
    if (path === '/numbers') return exchange.stream.subscribe('numbers');
    if (path === '/history') return exchange.stream.subscribe('numbers', { from: 'earliest' });
    return exchange.answer(404);
  };
}
