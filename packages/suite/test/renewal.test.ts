/** E6: permissions that end, are asked for again, are withdrawn, and are bound to a client id. */
import { type EndpointOptions, type Grant, openStream, takeAck } from '@headwater/core/node';
import { fakeClock } from '@headwater/testing';
import { expect, it } from 'vitest';
import type { Handler } from './kit/app.js';
import { LEGS } from './kit/legs.js';
import { onEach } from './kit/on-each.js';
import { type Served, serve } from './kit/served.js';
import { until } from './kit/wait.js';

const NOW = 1_000_000;

const endpoint =
  (authorize: EndpointOptions<unknown>['authorize']): Handler =>
  (connection, { request, url }) =>
    openStream(connection, request, url, { authorize });

async function withClock(leg: Parameters<typeof serve>[0]) {
  const clock = fakeClock({ autoTurns: true, now: NOW });
  const server = await serve(leg, { hub: { clock } });
  const pass = async (seconds: number) => {
    for (let second = 0; second < seconds; second++) {
      clock.advance(1_000);
      await until(() => [...server.hub.connections].every(({ pendingBytes }) => pendingBytes === 0));
    }
  };
  return { server, pass };
}

/** The status of a POST that acknowledges `id`. */
async function ack(server: Served, id: string, headers: Readonly<Record<string, string>>): Promise<number> {
  const path = server.route(async (_connection, { request, url, answer }) => {
    await takeAck(server.hub, request, url, { authorize: () => ({ principal: 'ann' }) });
    return answer(204);
  });
  const response = await server.open(path, { query: `clientId=phone&channels=a&id=${id}`, headers });
  await response.closed;
  return response.status;
}

onEach(LEGS, (leg) => {
  it('E6 a permission that is given again goes on without a word, and one that is not ends the stream in time', async () => {
    const { server, pass } = await withClock(leg);
    const rights = new Map<string, Grant[]>([
      ['ann', [{ expiresAt: NOW + 60_000 }, { expiresAt: NOW + 90_000 }, {}]],
      ['bob', [{ expiresAt: NOW + 60_000 }]],
    ]);
    const path = server.route(
      endpoint(async (request) => {
        const { user = '' } = (request as { headers: { user?: string } }).headers;
        const grant = rights.get(user)?.shift();
        return grant && { principal: user, ...grant };
      }),
    );
    const [ann, bob] = await Promise.all(
      ['ann', 'bob'].map(async (user) => {
        const stream = await server.open(path, { query: 'channel=a', headers: { user } });
        await stream.until('sse.open');
        return stream;
      }),
    );
    await pass(60);
    expect(await bob?.closed).toEqual({ reason: 'end' });
    await server.hub.publish('a', 'after the end');
    await pass(40);
    await server.hub.publish('a', 'for ever');
    await ann?.until(({ data }) => data === 'for ever');
    expect(ann?.events.map(({ event }) => event)).toEqual(['sse.open', 'message', 'message']);
    expect(bob?.text).not.toContain('after the end');
    expect(server.record.closes).toMatchObject([{ reason: 'expired', connection: { principal: 'bob' } }]);
    expect(rights.get('ann')).toEqual([]);
    const again = await server.open(path, {
      query: 'channel=a',
      headers: { user: 'bob' },
      lastEventId: bob?.lastEventId ?? '',
    });
    expect(again.status).toBe(403);
  });

  it('E6 a stream that was opened before its revocation was known does not outlive it', async () => {
    const server = await serve(leg);
    let answer: (grant: Grant) => void = () => {};
    const asked = new Promise<Grant>((resolve) => {
      answer = resolve;
    });
    let isAsked = false;
    const opening = server.open(
      endpoint(() => {
        isAsked = true;
        return asked;
      }),
      { query: 'channel=a' },
    );
    await until(() => isAsked);
    await server.hub.revoke({ principal: 'ann' });
    answer({ principal: 'ann' });
    expect((await opening).status).toBe(403);
    expect(server.hub.connections.size).toBe(0);
  });

  it('E6 a client id that is not on the list of its principal is refused, and the denial is told', async () => {
    const server = await serve(leg);
    const denials: string[] = [];
    server.hub.observe({ denied: ({ why, detail }) => void denials.push(`${why}: ${detail}`) });
    const path = server.route(endpoint(() => ({ principal: 'ann', clientIds: ['phone', 'laptop'] })));
    const own = await server.open(path, { query: 'channel=a&clientId=phone' });
    expect(await own.next()).toMatchObject({ event: 'sse.open' });
    const foreign = await server.open(path, { query: 'channel=a&clientId=phon' });
    expect(foreign.status).toBe(403);
    expect(denials).toEqual(['authorize: Not allowed: as client "phon"']);
  });

  it('an ack from another site is refused, whatever the browser tells of it, and one from the own site is taken', async () => {
    const server = await serve(leg);
    const { id } = await server.hub.publish('a', 'x');
    const own = server.origin;
    const refused: Record<string, string>[] = [
      { 'sec-fetch-site': 'cross-site', origin: own },
      { 'sec-fetch-site': 'cross-site' },
      { origin: 'https://evil.example' },
      { origin: 'null' },
      { origin: `${own}.evil.example` },
      { origin: `https://evil.example/${own}` },
    ];
    for (const headers of refused) expect([headers, await ack(server, id, headers)]).toEqual([headers, 403]);
    const taken: Record<string, string>[] = [{}, { origin: own }, { origin: own, 'sec-fetch-site': 'same-origin' }];
    for (const headers of taken) expect([headers, await ack(server, id, headers)]).toEqual([headers, 204]);
  });

  it('an ack from another site that is on the list of origins is taken', async () => {
    const server = await serve(leg, { hub: { origins: ['https://app.example'] } });
    const { id } = await server.hub.publish('a', 'x');
    const from = (origin: string) => ack(server, id, { origin, 'sec-fetch-site': 'cross-site' });
    expect(await from('https://app.example')).toBe(204);
    expect(await from('https://evil.example')).toBe(403);
  });
});
