/** Our servers and the clients that pages use. What a client cannot do is asserted as well: the day it can, a test says so. */
import { collect } from '@headwater/testing';
import { describe, expect, it, onTestFinished } from 'vitest';
import { listen } from '../../../client/test/kit/servers.js';
import { Cutter } from '../../../suite/test/chromium/cutter.js';
import { FRAMEWORKS, Origin, type OriginOptions, type SeenRequest } from '../kit/origin.js';
import { WITHIN } from '../kit/within.js';
import { CLIENTS, useFollowers } from './kit/followers.js';
import { all, Party, type PartyOptions } from './kit/party.js';

const followers = useFollowers();

const WAIT = { timeout: 20_000, interval: 10 };

const upTo = (count: number) => Array.from({ length: count }, (_, index) => index + 1);

describe.each(FRAMEWORKS)('%s and the clients of pages', (_name, framework) => {
  const start = async (options?: OriginOptions, partyOptions?: PartyOptions) =>
    Party.of(followers(), await Origin.start(framework, options), partyOptions);

  it('no event that was not sent, in spite of heartbeats and of the comments of `prev`', async () => {
    const party = await start({ hub: { heartbeatMs: 500 } }, { query: '&prev=1' });
    await party.until('opens === 1');
    // One tick of the hub is for everybody.
    const witness = await collect(party.origin.stream);
    onTestFinished(() => witness.close());
    await expect.poll(() => witness.text.match(/^:$/gm)?.length, WAIT).toBeGreaterThan(2);
    await party.origin.publish(4);
    await party.until(`last === '4'`);
    const seen = await party.each(async (follower) => {
      const { events, opens, errors } = await follower.read();
      return { events: events.map(({ type, data }) => [type, type === 'sse.open' || data]), opens, errors };
    });
    const events = [
      ['sse.open', true],
      ['message', '1'],
      ['even', '2'],
      ['message', '3'],
      ['even', '4'],
    ];
    expect(seen).toEqual(all({ events, opens: 1, errors: 0 }));
  });

  it('from another origin, with cookies, nothing is lost and nothing comes twice: FIN before any event, RST, restart, end', async () => {
    const home = (await framework.serve(() => {})).url;
    const withCookie = { home, withCredentials: true, before: `document.cookie = 'user=1'` };
    const party = await start({ origins: [home] }, withCookie);
    const { origin } = party;
    await party.until('opens === 1');
    const cuts = [
      () => origin.end('fin'),
      () => origin.end('rst'),
      async () => {
        await origin.stop();
        await origin.publish(5);
        await origin.start();
      },
      () => origin.end('complete'),
    ];
    for (const [index, cut] of cuts.entries()) {
      await cut();
      await origin.publish(5);
      await party.until(`isOver || (opens === ${index + 2} && last === '${origin.last}')`);
    }
    // To fetch-event-source the end of an answer is the end.
    expect(await party.each((follower) => follower.numbers())).toEqual(
      all(upTo(25), { 'fetch-event-source': upTo(20) }),
    );
    expect(await party.each((follower) => party.echoes(follower))).toEqual(
      all(Array(4).fill('header'), {
        'event-source-polyfill': Array(4).fill('query'),
        'fetch-event-source': Array(3).fill('header'),
      }),
    );
    const isKnown = ({ headers }: SeenRequest) => headers.cookie === 'user=1';
    expect(await party.each((follower) => party.requestsOf(follower).every(isKnown))).toEqual(all(true));
    const isPreflighted = await party.each((follower) => party.requestsOf(follower, 'OPTIONS').length > 0);
    expect(isPreflighted).toEqual(
      all(true, { EventSource: false, 'event-source-polyfill': false, 'reconnecting-eventsource': false, htmx: false }),
    );
  });
});

/** What the hub decides, or a test in its place: one framework will do. */
describe('the clients of pages', () => {
  const serve = (options?: OriginOptions) => Origin.start(FRAMEWORKS[0]![1], options);
  const start = async (options?: OriginOptions, partyOptions?: PartyOptions) =>
    Party.of(followers(), await serve(options), partyOptions);

  it('go on from a heartbeat that is an event', async () => {
    const party = await start({ hub: { heartbeatMs: 500 } }, { query: '&heartbeat=event' });
    await party.until('opens === 1');
    await party.origin.hub.publish('others', { data: 'not for these' });
    await party.until(`events.some(({ type, id }) => type === 'sse.ping' && id !== events[0].id)`);
    party.origin.end('fin');
    await party.until('opens === 2');
    const echoes = await party.each((follower) => party.echoes(follower));
    expect(echoes).toEqual(all(['header'], { 'event-source-polyfill': ['query'] }));
  });

  it('lose nothing by a cut within an event, but for fetch-event-source between the id and the blank line', async () => {
    const origin = await serve();
    const lines = await Promise.all(
      followers().map(async (follower) => {
        const cutter = await Cutter.before(Number(new URL(origin.url).port));
        await follower.follow(cutter.url, `${cutter.url}/numbers`, { types: ['sse.open', 'message', 'even'] });
        return { follower, cutter };
      }),
    );
    const until = (expression: string) => Promise.all(lines.map(({ follower }) => follower.until(expression)));
    for (const [round, placeIn] of WITHIN.entries()) {
      await until(`opens === ${round + 1}`);
      const number = origin.last + 4;
      for (const { cutter } of lines) cutter.holdAt(placeIn(number));
      await origin.publish(6);
      await until(`last === '${number - 1}'`);
      for (const { cutter } of lines) cutter.cutAll('end');
      await until(`last === '${origin.last}'`);
    }
    const seen = lines.map(async ({ follower }) => [follower.name, await follower.numbers()]);
    const numbers = upTo(origin.last);
    const torn = origin.last - 2;
    expect(Object.fromEntries(await Promise.all(seen))).toEqual(
      all(numbers, { 'fetch-event-source': numbers.filter((number) => number !== torn) }),
    );
  });

  it('ask a hub that is full again until there is room, but for fetch-event-source', async () => {
    const origin = await serve({ hub: { maxConnections: CLIENTS.length, refusalRetrySeconds: [1, 1] } });
    const holding = new AbortController();
    await Promise.all(CLIENTS.map(() => fetch(origin.stream, { signal: holding.signal })));
    const party = await Party.of(followers(), origin);
    await party.untilAsked(2);
    holding.abort();
    await party.until('isOver || opens === 1');
    expect(await party.each((follower) => follower.isOver())).toEqual(all(false, { 'fetch-event-source': true }));
  });

  it('stop at a 204, or do not', async () => {
    const party = await start();
    await party.until('opens === 1');
    party.origin.refusal = { status: 204 };
    party.origin.end('fin');
    await party.untilAsked(3);
    expect(await party.each((follower) => follower.isOver())).toEqual(
      all(true, { 'reconnecting-eventsource': false, 'fetch-event-source': false, 'sse.js': false, htmx: false }),
    );
  });

  it('stop at `sse.bye` where they listen for it', async () => {
    const everyone = followers();
    const origin = await serve();
    const party = await Party.of(everyone, origin, { closeOn: 'sse.bye' });
    await party.until('opens === 1');
    // This one does not listen: by the time that it has been back so often, so would the others have been.
    await everyone[0]!.page.evaluate(`void new EventSource('${origin.stream}?client=witness')`);
    const ofWitness = () => origin.requests.filter(({ url }) => url.includes('witness')).length;
    for (let times = 1; times <= 6; times++) {
      await expect.poll(ofWitness, WAIT).toBe(times);
      await expect.poll(() => origin.hub.connections.size, WAIT).toBeGreaterThan(0);
      origin.bye();
    }
    expect(await party.each((follower) => party.requestsOf(follower).length)).toEqual(all(1));
  });

  it('survive a load balancer that answers 502, 503 and 429 for a while, or give up, or begin anew', async () => {
    const party = await start();
    const { origin } = party;
    await party.until('opens === 1');
    await origin.publish(5);
    await party.until(`last === '5'`);
    let refused = 0;
    const headers = { 'content-type': 'text/html' };
    origin.refusal = () => ({ status: [502, 503, 429][refused++ % 3]!, headers });
    origin.end('rst');
    await origin.publish(5);
    await party.untilAsked(3);
    origin.refusal = undefined;
    await party.until('isOver || opens === 2');
    await origin.publish(5);
    await party.until(`isOver || last === '15'`);
    const hole = [...upTo(5), ...upTo(15).slice(10)];
    expect(await party.each((follower) => follower.numbers())).toEqual(
      all(upTo(15), { EventSource: upTo(5), 'event-source-polyfill': upTo(5), htmx: hole }),
    );
  });

  it('differ over streams that no server of ours sends: without data, with an id alone, cut off', async () => {
    const text = ':\n\nretry: 250\n\nid: 1\ndata: a\ndata: b\n\ndata: c\n\nid: 2\n\ndata: cut o';
    const ids = Object.fromEntries(CLIENTS.map((name) => [name, [] as (string | null)[]]));
    const server = await listen(({ url = '', headers }, res) => {
      const query = new URL(url, 'http://localhost').searchParams;
      const asked = ids[query.get('client') ?? ''];
      if (!asked) return void res.setHeader('content-type', 'text/html').end();
      res.writeHead(200, { 'content-type': 'text/event-stream' }).write(':\n');
      if (asked.push(String(headers['last-event-id'] ?? query.get('lastEventId'))) === 1) res.end(text);
    });
    const everyone = followers();
    const measured = everyone.map(async (follower) => {
      const { name } = follower;
      await follower.follow(server.url, `/stream?client=${encodeURIComponent(name)}`, { types: ['message'] });
      await expect.poll(async () => (await follower.isOver()) || ids[name]!.length > 1, WAIT).toBe(true);
      const { events } = await follower.read();
      return [name, { data: events.map(({ data }) => data), id: ids[name]![1] }];
    });
    const data = ['a\nb', 'c'];
    expect(Object.fromEntries(await Promise.all(measured))).toEqual(
      all<{ data: string[]; id: string | undefined }>(
        { data, id: '2' },
        {
          'event-source-polyfill': { data, id: '1' },
          'fetch-event-source': { data: ['', '', 'a\nb', 'c', ''], id: undefined },
          'sse.js': { data: [...data, 'cut o'], id: '2' },
          '@headwater/client': { data, id: '1' },
          '@headwater/client/event-source': { data, id: '1' },
        },
      ),
    );
  });
});
