/** What the clients make of servers that refuse them: for good, for now, or because something between is out of order. */
import { describe, expect, it, type TestContext, vi } from 'vitest';
import { REFUSALS, type Refused } from '../kit/clients/client.js';
import { CLIENTS } from '../kit/clients/index.js';
import { Follower, PATIENCE } from '../kit/follower.js';
import { FRAMEWORKS, Origin, type OriginOptions, type Refusal } from '../kit/origin.js';

const HTML = { 'content-type': 'text/html' };

const refusalOf = (refused: Refused): Refusal =>
  refused === 'html' ? { status: 200, headers: HTML } : { status: refused, headers: refused === 204 ? {} : HTML };

/** What the hub decides, or a test in its place: one framework will do. */
const [[, server]] = FRAMEWORKS as [(typeof FRAMEWORKS)[number]];

describe.concurrent.each(CLIENTS)('$name', (client) => {
  const start = (context: TestContext, options: OriginOptions = {}) =>
    Origin.start(server, { whenDone: context.onTestFinished, ...options });

  /** Whether the client asks again after it was refused on its way back. */
  const asksAgain = async (refused: Refused, context: TestContext): Promise<boolean> => {
    const origin = await start(context);
    const follower = new Follower(client, origin.stream, context);
    await follower.when(({ streams }) => streams === 1);
    origin.refusal = () => (origin.requests.length === 2 ? refusalOf(refused) : undefined);
    origin.end('fin');
    await follower.when(({ isOver, streams }) => isOver || streams === 2);
    return !follower.isOver;
  };

  it('asks again after some answers, and has given up after others', async (context) => {
    const again = await Promise.all(REFUSALS.map((refused) => asksAgain(refused, context)));
    expect(REFUSALS.filter((_, index) => again[index])).toEqual(client.traits.asksAgainAfter);
  });

  it('comes back to a hub that was full, as often as it takes', async (context) => {
    const origin = await start(context, { hub: { maxConnections: 1, refusalRetrySeconds: [1, 1] } });
    const holding = new AbortController();
    await fetch(origin.stream, { signal: holding.signal });
    const follower = new Follower(client, origin.stream, context);
    await vi.waitFor(() => expect(origin.requests.length).toBeGreaterThanOrEqual(3), PATIENCE);
    holding.abort();
    await follower.when(({ streams }) => streams === 1);
    await origin.publish(3);
    await follower.when(({ numbers }) => numbers.length === 3);
    expect(follower.numbers).toEqual([1, 2, 3]);
  });

  it('is told by `sse.bye` to close, and never comes back', async (context) => {
    const origin = await start(context);
    const follower = new Follower(client, `${origin.stream}?who=told`, context, { closeOn: 'sse.bye' });
    // This one does nothing about it: most clients come back again and again.
    const witness = new Follower(client, `${origin.stream}?who=deaf`, context);
    await follower.when(({ streams }) => streams === 1);
    for (let round = 1; round <= 3 && !witness.isOver; round++) {
      await witness.when(({ isOver, streams }) => isOver || streams === round);
      origin.bye();
    }
    await witness.when(({ isOver, streams }) => isOver || streams === 4);
    expect(witness.isOver).toBe(client.traits.knowsBye);
    expect(follower.count('sse.bye')).toBe(1);
    expect(origin.requests.filter(({ url }) => url.includes('told'))).toHaveLength(1);
  });

  it('survives a load balancer that answers 502, 503 and 429, or gives up', async (context) => {
    const origin = await start(context);
    const follower = new Follower(client, origin.stream, context);
    await follower.when(({ streams }) => streams === 1);
    await origin.publish(5);
    await follower.when(({ numbers }) => numbers.length === 5);
    const hiccup = [502, 503, 429];
    origin.refusal = () => {
      const status = hiccup.shift();
      return status ? { status, headers: HTML } : undefined;
    };
    origin.end('rst');
    await origin.publish(5);
    await follower.when(({ isOver, numbers }) => isOver || numbers.length === 10);
    const survives = ([502, 503, 429] as const).every((status) => client.traits.asksAgainAfter.includes(status));
    expect(follower.numbers).toEqual(survives ? [1, 2, 3, 4, 5, 6, 7, 8, 9, 10] : [1, 2, 3, 4, 5]);
  });
});
