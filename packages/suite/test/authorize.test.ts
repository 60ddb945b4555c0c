/** E6: channels that a client names, and who may follow them. Also the JSON endpoint beside the stream, with the same rights. */
import { answerHealth, answerSync, type EndpointOptions, openStream, takeAck } from '@headwater/core/node';
import { fakeClock } from '@headwater/testing';
import { expect, it } from 'vitest';
import type { Handler } from './kit/app.js';
import { LEGS } from './kit/legs.js';
import { onEach } from './kit/on-each.js';
import { serve } from './kit/served.js';
import { until } from './kit/wait.js';

const endpoint =
  (authorize: EndpointOptions<unknown>['authorize'], options: object = {}): Handler =>
  (connection, { request, url }) =>
    openStream(connection, request, url, { authorize, ...options });

onEach(LEGS, (leg) => {
  it('E6 asks authorize for the channels of the request, and follows them if it says true', async () => {
    const server = await serve(leg);
    const asked: unknown[] = [];
    const handler = endpoint(async (request, channels) => {
      asked.push([typeof (request as { headers: object }).headers, channels]);
      await Promise.resolve();
      return true;
    });
    const path = server.route(handler);
    const stream = await server.open(path, { query: 'channel=a&channel=b&channels=c,a&token=x' });
    expect((await stream.next()).json()).toMatchObject({ channels: ['a', 'b', 'c'] });
    expect(asked).toEqual([['object', ['a', 'b', 'c']]]);
    await server.hub.publish('c', 'there');
    expect(await stream.next()).toMatchObject({ data: 'there' });
  });

  const throws = () => {
    throw new Error('secret');
  };

  it.each<[string, EndpointOptions<unknown>['authorize']]>([
    ['returns false', () => false],
    ['returns nothing', () => undefined],
    ['returns null', async () => null],
    ['returns a number', () => 1 as never],
    ['throws', throws],
    ['rejects', async () => throws()],
  ])('E6 denies where authorize %s, with the same answer and nothing opened', async (_name, authorize) => {
    const server = await serve(leg);
    const stream = await server.open(endpoint(authorize), { query: 'channel=a', lastEventId: 'abc.1' });
    await stream.closed;
    expect(stream.status).toBe(403);
    expect(JSON.parse(stream.text)).toEqual({
      handledBy: 'the application',
      code: 'ERR_SSE_DENIED',
      message: 'Not allowed to follow these channels',
    });
    expect(stream.text).not.toContain('secret');
    expect(server.record).toMatchObject({ opens: [], closes: [] });
  });

  it.each([
    '',
    'channel=',
    'channels=,,',
    'channel=a%20b',
    'channel=%C3%A4',
    `channel=${'x'.repeat(201)}`,
    'channel=a%0Ab',
  ])('E6 answers the query "%s" with 400, and asks nobody', async (query) => {
    const server = await serve(leg);
    let asked = 0;
    const handler = endpoint(() => {
      asked++;
      return true;
    });
    const stream = await server.open(handler, { query });
    await stream.closed;
    expect(stream.status).toBe(400);
    expect(JSON.parse(stream.text)).toMatchObject({ code: 'ERR_SSE_BAD_REQUEST' });
    expect(asked).toBe(0);
  });

  it('E6 refuses more channels than one connection may have, and an endpoint without authorize', async () => {
    const server = await serve(leg, { hub: { maxChannels: 3 } });
    const stream = await server.open(
      endpoint(() => true),
      { query: 'channels=a,b,c,d' },
    );
    await stream.closed;
    expect(stream.status).toBe(400);
    const open = await server.open(endpoint(undefined as never), { query: 'channels=a' });
    await open.closed;
    expect(open.status).toBe(403);
  });

  it('E6 warns before a permission ends, ends the stream then, and asks again when the client is back', async () => {
    const clock = fakeClock({ autoTurns: true, now: 1_000_000 });
    const server = await serve(leg, { hub: { clock } });
    const pass = async (seconds: number) => {
      for (let second = 0; second < seconds; second++) {
        clock.advance(1_000);
        await until(() => [...server.hub.connections].every(({ pendingBytes }) => pendingBytes === 0));
      }
    };
    let asked = 0;
    const path = server.route(
      endpoint(() => {
        asked++;
        return asked === 1 && { principal: 'ann', expiresAt: 1_060_000 };
      }),
    );
    const stream = await server.open(path, { query: 'channel=a' });
    await stream.until('sse.open');
    await pass(29);
    expect(stream.events).toHaveLength(1);
    await pass(1);
    expect((await stream.next()).json()).toEqual({ at: 1_060_000 });
    expect(stream.events.at(-1)).toMatchObject({ event: 'sse.expiring' });
    await pass(29);
    await server.hub.publish('a', 'just in time');
    expect(await stream.next()).toMatchObject({ data: 'just in time' });
    await pass(1);
    expect(await stream.closed).toEqual({ reason: 'end' });
    expect(server.record.closes).toMatchObject([{ reason: 'expired', connection: { principal: 'ann' } }]);
    const again = await server.open(path, { query: 'channel=a', lastEventId: stream.lastEventId });
    expect(again.status).toBe(403);
  });

  it('E6 ends what a principal has at once, and nothing of others', async () => {
    const server = await serve(leg);
    const grant: EndpointOptions<unknown>['authorize'] = (request) => ({
      principal: (request as { headers: { user?: string } }).headers.user,
      filter: ({ data }) => data !== 'hidden',
    });
    const path = server.route(endpoint(grant));
    const [ann, bob] = await Promise.all(
      ['ann', 'bob'].map((user) => server.open(path, { query: 'channel=a', headers: { user } })),
    );
    await Promise.all([ann?.until('sse.open'), bob?.until('sse.open')]);
    expect(server.hub.disconnect({})).toBe(0);
    expect(server.hub.disconnect({ principal: 'ann' })).toBe(1);
    await server.hub.publish('a', 'hidden');
    await server.hub.publish('a', 'after');
    await ann?.closed;
    expect(ann?.text).not.toContain('after');
    expect(await bob?.next()).toMatchObject({ data: 'after' });
    expect(server.record.closes).toMatchObject([{ reason: 'revoked' }]);
  });

  it('E6 gives the same events as JSON, to those who may follow', async () => {
    const server = await serve(leg);
    const path = server.route(async (_connection, { request, url, answer }) =>
      answer(
        200,
        await answerSync(server.hub, request, url, { authorize: (_request, channels) => !channels.includes('x') }),
      ),
    );
    const ask = async (query: string) => {
      const response = await server.open(path, { query });
      await response.closed;
      return { status: response.status, body: JSON.parse(response.text) as { events: unknown[]; next: string } };
    };
    const { body: start } = await ask('channels=a,b');
    expect(start).toMatchObject({ events: [], more: false });
    const { id } = await server.hub.publish('a', { event: 'e', data: { n: 1 } });
    await server.hub.publish('c', 'unasked');
    expect((await ask(`channels=a,b&after=${start.next}`)).body).toMatchObject({
      events: [{ id, channel: 'a', event: 'e', data: '{"n":1}' }],
    });
    expect(await ask('channels=a&after=nonsense')).toMatchObject({
      status: 200,
      body: { reset: { channels: ['a'], reason: 'malformed' }, events: [{ id }] },
    });
    expect(await ask('channels=x')).toMatchObject({ status: 403 });
    expect(await ask('channels=a&limit=0')).toMatchObject({ status: 400 });
    expect(await ask('')).toMatchObject({ status: 400 });
  });

  it('remembers what a client has acknowledged, under its principal, and resumes it there without an id', async () => {
    const server = await serve(leg);
    const authorize: EndpointOptions<unknown>['authorize'] = (request) => ({
      principal: (request as { headers: { user?: string } }).headers.user,
    });
    const stream = server.route(endpoint(authorize));
    const ack = server.route(async (_connection, { request, url, answer }) => {
      await takeAck(server.hub, request, url, { authorize });
      return answer(204);
    });
    const tell = async (query: string, user: string) => {
      const response = await server.open(ack, { query, headers: { user } });
      await response.closed;
      return response.status;
    };
    const { id } = await server.hub.publish('a', 'first');
    await server.hub.publish('a', 'second');
    expect(await tell(`clientId=phone&channels=a&id=${id}`, 'ann')).toBe(204);
    const back = await server.open(stream, { query: 'clientId=phone&channels=a', headers: { user: 'ann' } });
    expect((await back.until('sse.open')).json()).toMatchObject({ resume: 'resumed' });
    expect(await back.next()).toMatchObject({ data: 'second' });
    const other = await server.open(stream, { query: 'clientId=phone&channels=a', headers: { user: 'bob' } });
    expect((await other.until('sse.open')).json()).toMatchObject({ resume: 'fresh' });
    expect(await tell(`clientId=phone&channels=a&id=${id}x`, 'ann')).toBe(409);
    for (const query of ['clientId=phone&channels=a', `channels=a&id=${id}`, `clientId=a%20b&channels=a&id=${id}`]) {
      expect(await tell(query, 'ann')).toBe(400);
    }
  });

  it('tells a probe of its health', async () => {
    const server = await serve(leg);
    await server.hub.ready();
    const probe = server.route((_connection, { answer }) => {
      const { status, body } = answerHealth(server.hub, 'ready');
      return answer(status, body);
    });
    expect((await server.open(probe)).status).toBe(200);
    await server.hub.drain({ windowMs: 0 });
    expect((await server.open(probe)).status).toBe(503);
  });
});
