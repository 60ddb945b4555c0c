/** The clients in Chromium, each in a page and a profile of its own: a profile has six connections to a server, no more. */
import type { Page } from 'playwright-core';
import { beforeAll, onTestFinished } from 'vitest';
import { useBrowser } from '../../../../suite/test/chromium/chromium.js';
import { pageScript } from './page-script.js';

export const CLIENTS = [
  'EventSource',
  'event-source-polyfill',
  'reconnecting-eventsource',
  'fetch-event-source',
  'sse.js',
  'htmx',
  '@headwater/client',
  '@headwater/client/event-source',
] as const;

export type ClientName = (typeof CLIENTS)[number];

export interface FollowOptions {
  readonly types: readonly string[];
  readonly withCredentials?: boolean;
  /** What the page does before. */
  readonly before?: string;
  /** The event at which the page closes the client. */
  readonly closeOn?: string;
}

/** What a page keeps of its client. `isOver`: it says that it has given up, or was closed. */
interface Followed {
  readonly events: readonly { readonly type: string; readonly data: string; readonly id: string }[];
  readonly opens: number;
  readonly errors: number;
  readonly isOver: boolean;
}

export class Follower {
  readonly name: ClientName;
  readonly page: Page;

  constructor(name: ClientName, page: Page) {
    this.name = name;
    this.page = page;
  }

  /** Loads the page of `home`, and connects to `stream`. */
  async follow(home: string, stream: string, { before = '', ...options }: FollowOptions): Promise<void> {
    await this.page.goto(home);
    const args = [this.name, stream, options].map((value) => JSON.stringify(value)).join();
    await this.page.evaluate(`${before}; follow(${args})`);
  }

  read(): Promise<Followed> {
    return this.page.evaluate('(({ events, opens, errors, isOver }) => ({ events, opens, errors, isOver }))(followed)');
  }

  /** The numbers so far. */
  async numbers(): Promise<number[]> {
    const { events } = await this.read();
    return events.filter(({ type }) => !type.startsWith('sse.')).map(({ data }) => Number(data));
  }

  async isOver(): Promise<boolean> {
    return (await this.read()).isOver;
  }

  /** Waits for an expression over `events`, `opens` (events of that name), `last` (the last data) and `isOver`. */
  async until(expression: string): Promise<void> {
    const scoped = `(({ events, isOver }) => {
      const opens = events.filter(({ type }) => type === 'sse.open').length;
      const last = events.at(-1)?.data;
      return ${expression};
    })(followed)`;
    await this.page.waitForFunction(scoped, undefined, { polling: 20 });
  }

  close(): Promise<void> {
    return this.page.evaluate('globalThis.followed?.close()');
  }
}

/** To be called once, at the top of a file. The pages live as long as it; after each test the clients are closed. */
export function useFollowers(): () => readonly Follower[] {
  const browser = useBrowser();
  let followers: readonly Follower[] = [];
  beforeAll(async () => {
    // Random waits are short ones.
    const script = { content: `Math.random = () => 0.1; ${await pageScript()}` };
    followers = await Promise.all(
      CLIENTS.map(async (name) => {
        const page = await browser().newPage();
        await page.addInitScript(script);
        return new Follower(name, page);
      }),
    );
  });
  return () => {
    onTestFinished(async () => void (await Promise.all(followers.map((follower) => follower.close()))));
    return followers;
  };
}
