/** An EventSource inside a page, as a test holds it. */
import type { Page } from 'playwright-core';

export interface SeenEvent {
  readonly type: string;
  readonly data: string;
  readonly lastEventId: string;
  readonly origin: string;
}

export interface SourceOptions {
  /** Event types to listen for, besides `message`. */
  readonly types?: readonly string[];
  readonly withCredentials?: boolean;
}

/** What the page keeps of one source. `errors` holds the readyState at each `error` event. */
interface Recorded {
  readonly events: readonly SeenEvent[];
  readonly opens: number;
  readonly errors: readonly number[];
  readonly readyState: number;
}

export const CONNECTING = 0;
export const OPEN = 1;
export const CLOSED = 2;

/** Runs in the page, which is why it is text: the tests are compiled without the types of the DOM. */
const RECORDER = `
  globalThis.record ??= (url, types, withCredentials) => {
    const source = new EventSource(url, { withCredentials });
    const recorded = { source, events: [], opens: 0, errors: [] };
    // A server may send events that are named open and error too.
    const take = (event) => {
      const { type, data, lastEventId, origin } = event;
      if (event instanceof MessageEvent) recorded.events.push({ type, data, lastEventId, origin });
      else if (type === 'open') recorded.opens++;
      else recorded.errors.push(source.readyState);
    };
    for (const type of new Set(['open', 'error', 'message', ...types])) source.addEventListener(type, take);
    globalThis.sources ??= [];
    return sources.push(recorded) - 1;
  };`;

export class BrowserSource {
  readonly #page: Page;
  readonly #index: number;

  private constructor(page: Page, index: number) {
    this.#page = page;
    this.#index = index;
  }

  static async open(page: Page, url: string, options: SourceOptions = {}): Promise<BrowserSource> {
    const { types = [], withCredentials = false } = options;
    const args = [url, types, withCredentials].map((value) => JSON.stringify(value)).join();
    return new BrowserSource(page, await page.evaluate(`${RECORDER} record(${args})`));
  }

  /** Everything so far. */
  read(): Promise<Recorded> {
    return this.#evaluate('({ events, opens, errors, readyState: source.readyState })');
  }

  /** Waits for so many events and answers all that there are by then. */
  async events(count: number): Promise<readonly SeenEvent[]> {
    await this.until(`events.length >= ${count}`);
    return (await this.read()).events;
  }

  async opened(times = 1): Promise<void> {
    await this.until(`opens >= ${times}`);
  }

  async closed(): Promise<void> {
    await this.until(`source.readyState === ${CLOSED}`);
  }

  /** Waits for an expression over `events`, `opens`, `errors` and `source`. */
  async until(expression: string): Promise<void> {
    await this.#page.waitForFunction(this.#scoped(expression), undefined, { polling: 10 });
  }

  close(): Promise<void> {
    return this.#evaluate('source.close()');
  }

  #evaluate<Result>(expression: string): Promise<Result> {
    return this.#page.evaluate(this.#scoped(expression));
  }

  #scoped(expression: string): string {
    return `(({ source, events, opens, errors }) => ${expression})(sources[${this.#index}])`;
  }
}
