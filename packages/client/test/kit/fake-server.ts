/** A server that a test plays itself: each request waits for its answer, and a stream brings what the test writes, byte by byte if need be. */
import { fakeClock } from '@headwater/testing';
import { onTestFinished } from 'vitest';
import { type ClientClock, type ConnectOptions, connect, type EventMap, type EventStream } from '../../src/index.js';

export interface Asked {
  readonly url: URL;
  readonly method: string;
  readonly headers: Headers;
  readonly init: RequestInit;
  /** True once the client has given the request up. */
  readonly isAborted: boolean;
  answer(status: number, headers?: Record<string, string>, body?: string): Promise<void>;
  fail(error?: Error): Promise<void>;
  /** Answers with an event stream. */
  open(first?: string): Promise<void>;
  write(bytes: string | Uint8Array): Promise<void>;
  end(): Promise<void>;
  /** Pieces that were written and not read. */
  readonly unread: number;
  /** The connection breaks. */
  cut(): Promise<void>;
}

/** A fake clock whose time can also pass while no timer is called, as when a machine sleeps. */
interface SleepingClock extends ClientClock {
  /** Timers that wait. */
  readonly timers: number;
  advance(ms: number): void;
  settle(): Promise<void>;
  sleep(ms: number): void;
}

function sleepingClock(): SleepingClock {
  const clock = fakeClock({ now: 1_700_000_000_000 });
  let slept = 0;
  return {
    get timers() {
      return clock.timers;
    },
    elapsed: () => clock.elapsed() + slept,
    now: () => clock.now() + slept,
    setTimer: (fn, ms) => clock.setTimer(fn, ms),
    clearTimer: (timer) => clock.clearTimer(timer),
    advance: (ms) => clock.advance(ms),
    settle: () => clock.settle(),
    sleep(ms) {
      slept += ms;
    },
  };
}

export class FakeServer {
  readonly clock: SleepingClock = sleepingClock();
  readonly requests: Asked[] = [];
  /** What a client with these options does not share with the world. */
  readonly options: ConnectOptions;
  /** What `random` answers. */
  random = 0;

  constructor() {
    this.options = { clock: this.clock, fetch: this.#fetch as typeof fetch, random: () => this.random };
  }

  connect<Map extends object = EventMap>(
    options: ConnectOptions = {},
    url = 'http://server.test/news',
  ): EventStream<Map> {
    const stream = connect<Map>(url, { ...this.options, ...options });
    onTestFinished(() => stream.close());
    return stream;
  }

  /** The newest request. */
  get last(): Asked {
    const last = this.requests.at(-1);
    if (!last) throw new Error('nobody has asked for anything');
    return last;
  }

  settle(): Promise<void> {
    return this.clock.settle();
  }

  /** Lets time pass, and everything happen that follows from it. */
  async pass(ms: number): Promise<void> {
    for (let left = ms; left > 0; left -= 250) {
      this.clock.advance(Math.min(250, left));
      await this.settle();
    }
  }

  readonly #fetch = (url: URL | string, init: RequestInit = {}): Promise<Response> =>
    new Promise((resolve, reject) => {
      const { clock } = this;
      const signal = init.signal as AbortSignal | undefined;
      signal?.throwIfAborted();
      let controller: ReadableStreamDefaultController<Uint8Array> | undefined;
      const fail = (error: unknown) => {
        reject(error);
        try {
          controller?.error(error);
        } catch {
          // It was closed already.
        }
      };
      const aborted = () => fail(signal?.reason);
      signal?.addEventListener('abort', aborted);
      const encoder = new TextEncoder();
      const asked: Asked = {
        url: new URL(url),
        method: init.method ?? 'GET',
        headers: new Headers(init.headers),
        init,
        get isAborted() {
          return signal?.aborted === true;
        },
        get unread() {
          return 1 - (controller?.desiredSize ?? 1);
        },
        answer(status, headers = {}, body) {
          signal?.removeEventListener('abort', aborted);
          resolve(new Response([204, 205, 304].includes(status) ? null : (body ?? ''), { status, headers }));
          return clock.settle();
        },
        fail(error = new TypeError('fetch failed')) {
          fail(error);
          return clock.settle();
        },
        async open(first) {
          const body = new ReadableStream<Uint8Array>({
            start(own) {
              controller = own;
            },
          });
          resolve(new Response(body, { headers: { 'content-type': 'text/event-stream' } }));
          await clock.settle();
          if (first !== undefined) await asked.write(first);
        },
        write(bytes) {
          controller?.enqueue(typeof bytes === 'string' ? encoder.encode(bytes) : bytes);
          return clock.settle();
        },
        end() {
          controller?.close();
          return clock.settle();
        },
        cut: () => asked.fail(new TypeError('terminated')),
      };
      this.requests.push(asked);
    });
}

/** `sse.open` as a hub sends it. */
export function openFrame(fields: Record<string, unknown> = {}, id?: string): string {
  const data = { v: 1, conn: 'c1', resume: 'fresh', channels: ['news'], heartbeatMs: 15_000, prev: true, ...fields };
  return control('open', data, id);
}

export function control(name: string, data: unknown, id?: string): string {
  return `event: sse.${name}\ndata: ${JSON.stringify(data)}\n${id === undefined ? '' : `id: ${id}\n`}\n`;
}

/** An event of a hub, with the link to its channel's event before it. */
export function hubEvent(seq: number, data: unknown, { prev = seq - 1, channel = 'news', epoch = 'e' } = {}): string {
  return `: ${channel} ${prev}\ndata: ${JSON.stringify(data)}\nid: ${epoch}.${seq.toString(36)}\n\n`;
}
