/** Our servers and the clients that people use in Node: what is sent arrives, once and in order, whatever happens to connections. */
import { collect } from '@headwater/testing';
import { describe, expect, it, type TestContext } from 'vitest';
import { Cutter } from '../../../suite/test/chromium/cutter.js';
import { CLIENTS } from '../kit/clients/index.js';
import { Follower } from '../kit/follower.js';
import { type Ending, FRAMEWORKS, Origin, type OriginOptions } from '../kit/origin.js';
import { WITHIN } from '../kit/within.js';

const upTo = (last: number) => Array.from({ length: last }, (_, index) => index + 1);

const serving = FRAMEWORKS.flatMap(([framework, server]) =>
  CLIENTS.map((client) => ({ framework, server, name: client.name, client })),
);

describe.concurrent.each(serving)('$framework and $name', ({ server, client }) => {
  const start = (context: TestContext, options: OriginOptions = {}) =>
    Origin.start(server, { whenDone: context.onTestFinished, ...options });

  it('no event but those that were sent, in spite of heartbeats and of the comments of `prev`', async (context) => {
    const origin = await start(context, { hub: { heartbeatMs: 100 } });
    const headers = { authorization: 'Bearer 1' };
    const follower = new Follower(client, `${origin.stream}?prev=1`, context, { headers });
    await follower.when(({ streams }) => streams === 1);
    // One tick of the hub is for everybody.
    const witness = await collect(origin.stream, { timeoutMs: 25_000 });
    context.onTestFinished(() => witness.close());
    await witness.when(({ text }) => (text.match(/^:$/gm)?.length ?? 0) > 3);
    await origin.publish(4);
    await follower.when(({ numbers }) => numbers.includes(4));
    expect(follower.events.map(({ type, data }) => [type, type === 'sse.open' || data])).toEqual([
      ['sse.open', true],
      ['message', '1'],
      ['even', '2'],
      ['message', '3'],
      ['even', '4'],
    ]);
    expect(follower).toMatchObject({ opens: 1, failures: 0, isOver: false });
    expect(origin.requests[0]?.headers.authorization).toBe(client.traits.sendsHeaders ? 'Bearer 1' : undefined);
  });

  it('nothing is lost and nothing comes twice: FIN before any event, RST, an end, a restart', async (context) => {
    const origin = await start(context);
    const follower = new Follower(client, origin.stream, context);
    const known = [''];
    const cut = async (round: number, how: () => unknown) => {
      await follower.when(({ streams }) => streams === round);
      known.push(follower.events.at(-1)!.id);
      await how();
      await origin.publish(5);
      await follower.when(({ numbers }) => numbers.at(-1) === origin.last);
    };
    const endings: Ending[] = ['fin', 'rst', 'complete'];
    for (const [index, ending] of endings.entries()) await cut(index + 1, () => origin.end(ending));
    await cut(4, async () => {
      await origin.stop();
      await origin.publish(5);
      await origin.start();
    });
    expect(follower.numbers).toEqual(upTo(25));
    expect(origin.requests.map(({ lastEventId }) => lastEventId)).toEqual(known);
  });

  it('a quiet channel moves on: the id of an `sse.ping` comes back', async (context) => {
    const origin = await start(context, { hub: { heartbeatMs: 100 } });
    const follower = new Follower(client, `${origin.stream}?heartbeat=event`, context);
    await follower.when(({ streams }) => streams === 1);
    const { id } = await origin.hub.publish('others', { data: 'for nobody here' });
    await follower.when(({ events }) => events.at(-1)?.id === id);
    expect(follower.events.at(-1)?.type).toBe('sse.ping');
    origin.end('fin');
    await follower.when(({ streams }) => streams === 2);
    expect(origin.requests.map(({ lastEventId }) => lastEventId)).toEqual(['', id]);
  });

  it('cut anywhere within an event, nothing is lost but what a client gives away between the id and the blank line', async (context) => {
    const origin = await start(context);
    const cutter = await Cutter.before(Number(new URL(origin.url).port), context.onTestFinished);
    const follower = new Follower(client, `${cutter.url}/numbers`, context);
    const torn: number[] = [];
    for (const [round, placeIn] of WITHIN.entries()) {
      await follower.when(({ streams }) => streams === round + 1);
      const number = origin.last + 4;
      torn.push(number);
      cutter.holdAt(placeIn(number));
      await origin.publish(6);
      await follower.when(({ numbers }) => numbers.at(-1) === number - 1);
      cutter.cutAll(round % 2 ? 'reset' : 'end');
      await follower.when(({ numbers }) => numbers.at(-1) === origin.last);
    }
    const lost = client.traits.takesIdEarly ? torn.at(-1) : undefined;
    expect(follower.numbers).toEqual(upTo(origin.last).filter((number) => number !== lost));
  });
});
