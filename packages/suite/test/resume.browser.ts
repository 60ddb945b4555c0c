/** A native EventSource gets every event once and in order, whatever happens to its connections. */

import { createHub, type Hub, memoryStore } from '@headwater/express';
import { seeded } from '@headwater/testing';
import type { Page } from 'playwright-core';
import { describe, expect, it, onTestFinished } from 'vitest';
import { BrowserSource, CLOSED, CONNECTING } from './chromium/browser-source.js';
import { useChromium } from './chromium/chromium.js';
import { type Cut, Cutter } from './chromium/cutter.js';
import { FRAMEWORKS, type Handler } from './chromium/frameworks.js';

const openPage = useChromium();

const SHORT_RETRY = { retryMs: 250, refusalRetrySeconds: [1, 1] } as const;
const CONTROL = ['sse.open', 'sse.reset', 'sse.busy', 'sse.ping', 'sse.live'];
const COUNT = 1_200;
const CUTS = 8;

const follow: Handler = ({ stream, head }) => {
  head({ 'access-control-allow-origin': '*' });
  return stream.subscribe('numbers', { from: 'earliest' });
};

const kind = (round: number): Cut => (round % 2 === 0 ? 'end' : 'reset');

/** Publishes 1, 2, 3, ... */
function counting(hub: () => Hub) {
  let last = 0;
  return (count: number) =>
    Promise.all(Array.from({ length: count }, () => hub().publish('numbers', { data: ++last })));
}

/** Waits until the page has the number `last`, and expects all before it, once each and in order. */
async function expectAll(source: BrowserSource, last: number, first = 1): Promise<void> {
  await source.until(`events.findLast(({ type }) => type === 'message')?.data === '${last}'`);
  const numbers = (await source.read()).events.filter(({ type }) => type === 'message').map(({ data }) => Number(data));
  expect(numbers).toEqual(Array.from({ length: last - first + 1 }, (_, index) => first + index));
}

/** How each connection of the source came to its place. */
async function resumes(source: BrowserSource): Promise<unknown[]> {
  const opens = (await source.read()).events.filter(({ type }) => type === 'sse.open');
  return opens.map(({ data }) => JSON.parse(data).resume);
}

describe.each(FRAMEWORKS)('%s: EventSource resumes', (_name, framework) => {
  function newHub(options: Parameters<typeof createHub>[0] = {}): Hub {
    const hub = createHub({ ...SHORT_RETRY, ...options });
    onTestFinished(() => hub.close());
    return hub;
  }

  /** Publishes `COUNT` numbers in random portions, and cuts at random places among them; some are published before the return. */
  async function publishAndCut(
    publish: (count: number) => Promise<unknown>,
    source: BrowserSource,
    seed: number,
    cut: (round: number) => unknown,
  ) {
    const random = seeded(seed);
    const share = Math.floor(COUNT / CUTS);
    for (let round = 1; round <= CUTS; round++) {
      const before = Math.floor(random() * share);
      const meanwhile = Math.floor(random() * (share - before));
      await publish(before);
      await cut(round);
      await publish(meanwhile);
      await source.opened(1 + round);
      await publish(share - before - meanwhile);
    }
    await expectAll(source, COUNT);
    expect(await resumes(source)).toEqual(['fresh', ...Array.from({ length: CUTS }, () => 'resumed')]);
  }

  async function connect(page: Page, url: string): Promise<BrowserSource> {
    const source = await BrowserSource.open(page, `${url}/stream`, { types: CONTROL });
    await source.events(1);
    return source;
  }

  it('after its connection was cut between two writes', async () => {
    const hub = newHub();
    const server = await framework.serve(follow, { hub });
    const cutter = await Cutter.before(server.port);
    const source = await connect(await openPage(server.url), cutter.url);
    await publishAndCut(
      counting(() => hub),
      source,
      1,
      (round) => cutter.cutAll(kind(round)),
    );
  });

  it('after its connection was cut within an event', async () => {
    const random = seeded(2);
    const hub = newHub();
    const server = await framework.serve(follow, { hub });
    const cutter = await Cutter.before(server.port);
    const source = await connect(await openPage(server.url), cutter.url);
    const publish = counting(() => hub);
    for (let round = 1; round <= CUTS; round++) {
      // The portion is larger than what passes before the cut.
      cutter.cutAfter(Math.floor(random() * 2_000), kind(round));
      await publish(COUNT / CUTS);
      await source.opened(1 + round);
    }
    await expectAll(source, COUNT);
  });

  it('after the server closed the stream', async () => {
    const hub = newHub();
    const server = await framework.serve(follow, { hub });
    const source = await connect(await openPage(server.url), server.url);
    await publishAndCut(
      counting(() => hub),
      source,
      3,
      () => hub.disconnect({ channel: 'numbers' }, 'server'),
    );
  });

  it('after the server was killed and started again on the same port, with the same hub', async () => {
    const hub = newHub();
    const home = await framework.serve(() => {});
    let server = await framework.serve(follow, { hub });
    const source = await connect(await openPage(home.url), server.url);
    await publishAndCut(
      counting(() => hub),
      source,
      4,
      async () => {
        await server.kill();
        server = await framework.serve(follow, { hub, port: server.port });
      },
    );
  });

  it('after a drain, with another hub on the same store', async () => {
    const store = memoryStore();
    onTestFinished(() => store.close());
    let hub = newHub({ store });
    const home = await framework.serve(() => {});
    let server = await framework.serve(follow, { hub });
    const source = await connect(await openPage(home.url), server.url);
    await publishAndCut(
      counting(() => hub),
      source,
      5,
      async () => {
        const next = newHub({ store });
        await hub.drain({ windowMs: 0 });
        await server.kill();
        server = await framework.serve(follow, { hub: next, port: server.port });
        hub = next;
      },
    );
  });

  it('after it was refused: `sse.busy` keeps it coming', async () => {
    const hub = newHub({ maxConnections: 1 });
    const server = await framework.serve(follow, { hub });
    const page = await openPage(server.url);
    const first = await connect(page, server.url);
    const second = await BrowserSource.open(page, `${server.url}/stream`, { types: CONTROL });
    await second.until(`events.filter(({ type }) => type === 'sse.busy').length >= 2`);
    expect((await second.read()).errors.every((readyState) => readyState === CONNECTING)).toBe(true);
    const publish = counting(() => hub);
    await publish(10);
    await first.close();
    await expectAll(second, 10);
    expect((await second.read()).readyState).not.toBe(CLOSED);
  });

  it('after its page was loaded again, from the id in the address', async () => {
    const hub = newHub();
    const server = await framework.serve(follow, { hub });
    const page = await openPage(server.url);
    const publish = counting(() => hub);
    const before = await connect(page, server.url);
    await publish(600);
    await expectAll(before, 600);
    const lastEventId = (await before.read()).events.at(-1)?.lastEventId;

    await page.reload();
    await publish(300);
    const options = { types: CONTROL };
    const after = await BrowserSource.open(page, `/stream?lastEventId=${lastEventId}`, options);
    await expectAll(after, 900, 601);
    // From here on the browser's own header counts, not the address.
    hub.disconnect({ channel: 'numbers' }, 'server');
    await publish(300);
    await after.opened(2);
    await expectAll(after, 1_200, 601);
    expect(await resumes(after)).toEqual(['resumed', 'resumed']);
  });
});
