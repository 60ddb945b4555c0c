/** A page that is watched: the events of its streams, be they EventSources or the client's, and everything that its console complains of. */
import type { Page } from 'playwright-core';

/** Runs in the page before its own scripts, which is why it is text: tests are compiled without the types of the DOM. */
const WATCH = `{
  const { addEventListener } = EventSource.prototype;
  globalThis.received = [];
  const note = ({ type }) => {
    received.push(type);
    noteEvent(type);
  };
  globalThis.EventSource = class extends EventSource {
    constructor(...args) {
      super(...args);
      for (const type of ['message', 'sse.open']) addEventListener.call(this, type, note);
    }
    addEventListener(type, ...rest) {
      addEventListener.call(this, type, note);
      super.addEventListener(type, ...rest);
    }
  };

  const { fetch } = globalThis;
  const listen = async (text) => {
    let rest = '';
    for await (const piece of text) {
      const lines = (rest + piece).split('\\n');
      rest = lines.pop();
      for (const line of lines) if (line.startsWith('event: ')) note({ type: line.slice('event: '.length) });
    }
  };
  globalThis.fetch = async (...args) => {
    const response = await fetch(...args);
    if (!/event-stream/.test(response.headers.get('content-type'))) return response;
    const [body, copy] = response.body.tee();
    // It ends with an error when the client ends it.
    listen(copy.pipeThrough(new TextDecoderStream())).catch(() => {});
    return new Response(body, response);
  };
}`;

const OWN_SCRIPT = /<script type="module">.*<\/script>/s;

export class WatchedPage {
  readonly #page: Page;
  readonly #url: string;
  readonly #complaints: string[] = [];
  readonly #received: string[];

  /** `received`: the types of all events, those of former loads included. */
  constructor(page: Page, url: string, received: string[]) {
    this.#page = page;
    this.#url = url;
    this.#received = received;
    page.on('console', (message) => {
      if (['error', 'warning'].includes(message.type())) this.#complaints.push(message.text());
    });
    page.on('pageerror', (error) => this.#complaints.push(String(error)));
    page.on('response', (response) => {
      if (response.status() >= 400) this.#complaints.push(`${response.status()} ${response.url()}`);
    });
  }

  /** What is wrong with the page: complaints, or that no event of the application's own has arrived. */
  get problems(): string[] {
    const isSilent = this.#received.every((type) => type.startsWith('sse.') || type === 'open' || type === 'error');
    return isSilent ? [...this.#complaints, 'No event has arrived'] : this.#complaints;
  }

  evaluate<Result>(expression: string): Promise<Result> {
    return this.#page.evaluate(expression);
  }

  async until(condition: string): Promise<void> {
    await this.#page.waitForFunction(condition, undefined, { polling: 10 });
  }

  received(type: string): Promise<void> {
    return this.until(`received.includes('${type}')`);
  }

  shows(selector: string, text: string): Promise<void> {
    const element = `document.querySelector(${JSON.stringify(selector)})`;
    return this.until(`${element}?.textContent === ${JSON.stringify(text)}`);
  }

  click(selector: string): Promise<void> {
    return this.#page.click(selector);
  }

  fill(selector: string, text: string): Promise<void> {
    return this.#page.fill(selector, text);
  }

  /** Loads the same address again, with what follows its `#`. */
  async reload(): Promise<void> {
    await this.#page.reload();
  }

  async leave(): Promise<void> {
    await this.#page.goto('about:blank');
  }

  async enter(): Promise<void> {
    await this.#page.goto(this.#url);
  }
}

/** `script` takes the place of the page's own. */
export async function openWatched(page: Page, url: string, script?: string): Promise<WatchedPage> {
  page.setDefaultTimeout(10_000);
  const received: string[] = [];
  await page.exposeFunction('noteEvent', (type: string) => received.push(type));
  const watched = new WatchedPage(page, url, received);
  await page.addInitScript(WATCH);
  if (script !== undefined) {
    await page.route(url, async (route) => {
      const response = await route.fetch();
      const [before, after] = (await response.text()).split(OWN_SCRIPT);
      if (after === undefined) throw new Error(`${url} has no script whose place could be taken`);
      await route.fulfill({ response, body: `${before}<script type="module">${script}</script>${after}` });
    });
  }
  await watched.enter();
  return watched;
}
