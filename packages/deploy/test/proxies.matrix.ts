/** Every proxy with the settings of docs/deploy, in front of the server of docs/deploy, over HTTP/1.1 and HTTP/2. */

import { seeded } from '@headwater/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { follow, open, type Protocol } from './kit/clients.js';
import { median } from './kit/median.js';
import { type Framework, SERVERS, useProject } from './kit/project.js';
import { PROXIES } from './kit/proxies.js';
import { beats, HEARTBEAT_MS, IDLE_SECONDS, Site } from './kit/site.js';

const ROUNDS = 7;
const EVENTS = 5_000;
const CUT_EVERY = 100;

const project = useProject();

const LEGS = PROXIES.flatMap((proxy) =>
  (Object.keys(SERVERS) as Framework[]).map((framework) => ({ proxy, framework, name: `${proxy.name}, ${framework}` })),
);

describe.each(LEGS)('$name', ({ proxy, framework }) => {
  let site: Site;

  beforeAll(async () => {
    site = await Site.start(project, { framework }, proxy.scheme, (origin) =>
      proxy.start({ origin, idleSeconds: IDLE_SECONDS }),
    );
  });
  afterAll(() => site?.stop());

  describe.each(proxy.protocols)('over %s', (protocol) => {
    it('leaves the head as the server has written it, and the body as it is', async () => {
      const { status, headers } = await open(site.url, protocol, { 'accept-encoding': 'gzip, deflate, br' });
      expect(status).toBe(200);
      expect(headers).toMatchObject({ 'content-type': 'text/event-stream', 'cache-control': 'no-cache, no-transform' });
      expect(headers).not.toHaveProperty('content-encoding');
    });

    it('opens within 100 ms of the direct path, and delivers within 100 ms of it', async () => {
      const { opening, delivery } = await measureDelays(site, protocol);
      expect(opening).toBeLessThan(100);
      expect(delivery).toBeLessThan(100);
    });

    it(`keeps a silent stream for more than three times its limit of ${IDLE_SECONDS} s, by heartbeats`, async () => {
      const stream = await open(site.url, protocol);
      await stream.until('sse.open');
      await beats(stream, (3.25 * IDLE_SECONDS * 1_000) / HEARTBEAT_MS);
      await site.app.publish('news', 'still there');
      expect(await stream.next()).toMatchObject({ data: 'still there' });
    });

    it('lets the server know within two heartbeats that a client has left', async () => {
      const witness = await site.direct();
      const stream = await open(site.url, protocol);
      await stream.until('sse.open');
      await site.hasStreams(2);
      const before = witness.comments.length;
      await stream.close();
      await site.hasStreams(1);
      expect(witness.comments.length - before).toBeLessThanOrEqual(2);
    });

    it('never gives one user what is for another, nor two clients one stream', async () => {
      const users = ['ann', 'bob', 'ann', 'bob', 'cyd', 'cyd'];
      const streams = await Promise.all(users.map((user) => open(site.url, protocol, { cookie: `user=${user}` })));
      const opened = await Promise.all(streams.map((stream) => stream.until('sse.open')));
      expect(new Set(opened.map((event) => event.json<{ conn: string }>().conn)).size).toBe(users.length);
      for (const user of new Set(users)) await site.app.publish(`user.${user}`, `for ${user}`);
      await site.app.publish('news', 'for all');
      const received = await Promise.all(streams.map((stream) => stream.take(2)));
      expect(received.map((events) => events.map(({ data }) => data))).toEqual(
        users.map((user) => [`for ${user}`, 'for all']),
      );
    });
  });

  it(`resumes exactly once through random cuts, in ${EVENTS} events`, async () => {
    const random = seeded(EVENTS);
    const clients = proxy.protocols.flatMap((protocol) => [follow(site.url, protocol), follow(site.url, protocol)]);
    await Promise.all(clients.map((client) => client.when(() => client.events.length > 0)));
    const sent = Array.from({ length: EVENTS }, (_, index) => `${index} ${'x'.repeat(random() * 200)}`);
    for (const [index, text] of sent.entries()) {
      // A place within the next few events: most cuts tear one.
      if (index % CUT_EVERY === 0)
        for (const client of clients)
          client.cutAfter(1 + Math.floor(random() * 2_000), random() < 0.5 ? 'reset' : 'end');
      await site.app.publish('news', text);
    }
    for (const client of clients) {
      await client.when(() => client.events.at(-1)?.data === sent.at(-1));
      expect(client.events.filter(({ event }) => event === 'message').map(({ data }) => data)).toEqual(sent);
      expect(client.events.filter(({ event }) => event === 'sse.reset')).toEqual([]);
      expect(client.requests.length).toBeGreaterThan(EVENTS / CUT_EVERY / 2);
    }
  });

  it(`ends the streams of a server that dies, answers ${proxy.away} meanwhile, and finds it when it is back`, async () => {
    const streams = await Promise.all(proxy.protocols.map((protocol) => open(site.url, protocol)));
    await Promise.all(streams.map((stream) => stream.until('sse.open')));
    await site.app.kill();
    await Promise.all(streams.map((stream) => stream.when(({ isOpen }) => !isOpen)));
    for (const protocol of proxy.protocols) {
      const answer = await open(site.url, protocol);
      await answer.when(({ isOpen }) => !isOpen);
      expect(answer.status).toBe(proxy.away);
      if (proxy.away !== 200) continue;
      expect(answer.headers['content-type']).toBe('text/event-stream');
      expect(answer).toMatchObject({ retry: 5_000, events: [] });
    }
    await site.app.start();
    for (const protocol of proxy.protocols) {
      await expect
        .poll(async () => (await open(site.url, protocol)).until('sse.open').catch(() => undefined), {
          timeout: 30_000,
        })
        .toBeDefined();
    }
  });
});

describe.each(PROXIES)('$name, in front of a server without heartbeats', (proxy) => {
  it(`ends a stream that is silent for ${IDLE_SECONDS} s`, async () => {
    const env = { HEARTBEAT_MS: '60000' };
    const site = await Site.start(project, { env }, proxy.scheme, (origin) =>
      proxy.start({ origin, idleSeconds: IDLE_SECONDS }),
    );
    try {
      for (const protocol of proxy.protocols) {
        const stream = await open(site.url, protocol);
        await stream.when(({ isOpen }) => !isOpen);
        expect(stream.events.map(({ event }) => event)).toEqual(['sse.open']);
      }
    } finally {
      await site.stop();
    }
  });
});

/** How much longer the way through the proxy takes than the direct one, in milliseconds: the medians of some rounds. */
async function measureDelays(site: Site, protocol: Protocol): Promise<{ opening: number; delivery: number }> {
  const opening = { direct: [] as number[], proxied: [] as number[] };
  const delivery: number[] = [];
  for (let round = 0; round < ROUNDS; round++) {
    let start = performance.now();
    const direct = await site.direct();
    await direct.until('sse.open');
    opening.direct.push(performance.now() - start);
    start = performance.now();
    const proxied = await open(site.url, protocol);
    await proxied.until('sse.open');
    opening.proxied.push(performance.now() - start);
    const [first, second] = [direct, proxied].map((stream) => stream.next().then(() => performance.now()));
    await site.app.publish('news', 'now');
    delivery.push((await second!) - (await first!));
    await Promise.all([direct.close(), proxied.close()]);
  }
  return { opening: median(opening.proxied) - median(opening.direct), delivery: median(delivery) };
}
