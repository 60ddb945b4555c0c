/** Follower: one client on one stream, and what it has told so far. */
import { type TestContext, vi } from 'vitest';
import type { Client } from './clients/client.js';

export interface SeenEvent {
  readonly type: string;
  readonly data: string;
  readonly id: string;
}

export interface FollowOptions {
  /** Event types to listen for. Default: all of the origin's. */
  readonly types?: readonly string[];
  readonly headers?: Readonly<Record<string, string>>;
  /** The event at which the client is closed. */
  readonly closeOn?: string;
}

/** A client's own pauses are at most a second long here; the rest is for a machine with much else to do. */
export const PATIENCE = { timeout: 25_000, interval: 5 } as const;

/** They wait for servers and timers, not for the processor. */
vi.setConfig({ maxConcurrency: 24, testTimeout: PATIENCE.timeout + 5_000 });

const TYPES = ['message', 'even', 'sse.open', 'sse.ping', 'sse.busy', 'sse.bye'];

export class Follower {
  readonly events: SeenEvent[] = [];
  opens = 0;
  failures = 0;
  /** It has given up, or was closed. */
  isOver = false;
  readonly #close: () => void;

  /** Connects. Closed when the test is done. */
  constructor(client: Client, url: string, { onTestFinished }: TestContext, options: FollowOptions = {}) {
    const { types = TYPES, headers = {}, closeOn } = options;
    this.#close = client.connect(
      url,
      { types, headers },
      {
        event: (type, data, id) => {
          this.events.push({ type, data, id });
          if (type === closeOn) this.close();
        },
        opened: () => void this.opens++,
        failed: () => void this.failures++,
        over: () => {
          this.isOver = true;
        },
      },
    );
    onTestFinished(() => this.close());
  }

  /** What is not of the protocol, as numbers. */
  get numbers(): number[] {
    return this.events.filter(({ type }) => !type.startsWith('sse.')).map(({ data }) => Number(data));
  }

  /** How often a stream of ours began. */
  get streams(): number {
    return this.count('sse.open');
  }

  count(type: string): number {
    return this.events.filter((event) => event.type === type).length;
  }

  /** Waits for a condition. */
  async when(condition: (follower: this) => boolean): Promise<void> {
    await vi.waitFor(() => {
      if (!condition(this)) throw new Error(`Waited in vain for ${condition}: ${JSON.stringify(this)}`);
    }, PATIENCE);
  }

  close(): void {
    this.isOver = true;
    this.#close();
  }
}
