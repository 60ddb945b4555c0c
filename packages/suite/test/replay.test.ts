/**
 * Group D: Last-Event-ID and replay, on the memory store.
 *
 * | row | where |
 * |---|---|
 * | D1 to D4, D6 to D8, D11 to D14, D18, D19 | below |
 * | D5 | reset.test.ts |
 * | D9, D15 | store.test.ts |
 * | D10 | storm.test.ts |
 * | D16, D17 | `@headwater/conformance`, which runs against every store |
 */
import { createHub, memoryStore } from '@headwater/core';
import { fakeClock } from '@headwater/testing';
import { expect, it } from 'vitest';
import type { Handler } from './kit/app.js';
import { LEGS, PLAIN_LEGS } from './kit/legs.js';
import { onEach } from './kit/on-each.js';
import { type Served, serve, share } from './kit/served.js';
import { turns } from './kit/wait.js';

const news: Handler = (connection) => connection.subscribe('news');

/** Publishes numbers, and gives their ids. */
const publish = async (server: Served, from: number, to: number, channel = 'news'): Promise<string[]> => {
  const numbers = Array.from({ length: to - from + 1 }, (_, n) => from + n);
  const published = await Promise.all(numbers.map((data) => server.hub.publish(channel, { data })));
  return published.map(({ id }) => id);
};

const numbers = (from: number, to: number): { data: string }[] =>
  Array.from({ length: to - from + 1 }, (_, n) => ({ data: String(from + n) }));

onEach(LEGS, (leg) => {
  const server = share(leg);

  for (const [name, request] of [
    ['header', (id: string) => ({ lastEventId: id })],
    ['query lastEventId', (id: string) => ({ query: `lastEventId=${id}` })],
    ['query last_event_id', (id: string) => ({ query: `last_event_id=${id}` })],
    ['query Last-Event-ID', (id: string) => ({ query: `Last-Event-ID=${id}` })],
    ['header before the query', (id: string) => ({ lastEventId: id, query: 'lastEventId=nonsense' })],
  ] as const) {
    it(`D1 D2 resumes after the id in the ${name}: oldest first, then live, without a gap or a repetition`, async () => {
      const own = await serve(leg);
      const ids = await publish(own, 1, 5);
      const stream = await own.open(news, request(ids[1] ?? ''));
      const open = await stream.until('sse.open');
      expect(open).toMatchObject({ id: ids[1] });
      expect(open.json()).toMatchObject({ resume: 'resumed', channels: ['news'] });
      const later = await publish(own, 6, 8);
      const events = await stream.take(6);
      expect(events).toMatchObject(numbers(3, 8));
      expect(events.map(({ id }) => id)).toEqual([...ids.slice(2), ...later]);
      await publish(own, 9, 9);
      expect(await stream.next()).toMatchObject({ data: '9' });
    });
  }

  it('D1 does not look at the query where trustQuery is false', async () => {
    const own = await serve(leg, { options: { trustQuery: false } });
    const [id = ''] = await publish(own, 1, 3);
    const fresh = await own.open(news, { query: `lastEventId=${id}` });
    expect((await fresh.next()).json()).toMatchObject({ resume: 'fresh' });
    const resumed = await own.open(news, { lastEventId: id });
    expect(await resumed.take(3)).toMatchObject([{ event: 'sse.open' }, ...numbers(2, 3)]);
  });

  it('D3 resumes after each of many ids, whatever they look like as text', async () => {
    const own = await serve(leg);
    const ids = await publish(own, 1, 45);
    // Base 36: "9" before "10", and "z" before "10".
    for (const at of [1, 8, 9, 10, 35, 36, 37, 45]) {
      const stream = await own.open(news, { lastEventId: ids[at - 1] ?? '' });
      const events = await stream.take(1 + 45 - at);
      expect(events.slice(1)).toMatchObject(numbers(at + 1, 45));
      await stream.close();
    }
  });

  it('D4 gives no history to a client without an id', async () => {
    const own = await serve(leg);
    const ids = await publish(own, 1, 3);
    const stream = await own.open(news);
    expect(await stream.next()).toMatchObject({ event: 'sse.open', id: ids[2] });
    await publish(own, 4, 4);
    expect(await stream.next()).toMatchObject({ data: '4' });
  });

  it("D4 gives all of it with from: 'earliest', and what follows an id with from: id", async () => {
    const own = await serve(leg);
    const ids = await publish(own, 1, 3);
    const earliest = await own.open((connection) => connection.subscribe('news', { from: 'earliest' }));
    expect(await earliest.take(4)).toMatchObject([{ event: 'sse.open' }, ...numbers(1, 3)]);
    const after = await own.open((connection) => connection.subscribe('news', { from: ids[1] as string }));
    expect(await after.take(2)).toMatchObject([{ event: 'sse.open' }, ...numbers(3, 3)]);
    // The request's id wins: it is newer than what the application kept.
    const path = own.route((connection) => connection.subscribe('news', { from: 'earliest' }));
    const resumed = await own.open(path, { lastEventId: ids[2] as string });
    await publish(own, 4, 4);
    expect(await resumed.take(2)).toMatchObject([{ event: 'sse.open' }, { data: '4' }]);
  });

  it.each([
    ['count', { count: 3 }],
    // Ten bodies of "data: 1\n", the last of 9 bytes.
    ['bytes', { bytes: 26 }],
  ])('D6 keeps no more history than retention allows by %s', async (_name, retention) => {
    const own = await serve(leg, { hub: { store: memoryStore({ retention }), ringEvents: 1 } });
    await publish(own, 1, 10);
    const stream = await own.open((connection) => connection.subscribe('news', { from: 'earliest' }));
    expect(await stream.take(4)).toMatchObject([{ event: 'sse.open' }, ...numbers(8, 10)]);
  });

  it('D6 keeps no more history than retention allows by age', async () => {
    const clock = fakeClock({ autoTurns: true });
    const store = memoryStore({ retention: { ageMs: 60_000 }, clock });
    const own = await serve(leg, { hub: { store, clock, ringEvents: 1 } });
    await publish(own, 1, 7);
    clock.advance(50_000);
    await publish(own, 8, 10);
    clock.advance(11_000);
    const stream = await own.open((connection) => connection.subscribe('news', { from: 'earliest' }));
    expect(await stream.take(4)).toMatchObject([{ event: 'sse.open' }, ...numbers(8, 10)]);
  });

  it('D7 refuses a published id, and stores one message for each key', async () => {
    const own = await serve(leg);
    expect(() => own.hub.publish('news', { id: 'mine', data: 'x' })).toThrow(TypeError);
    const stream = await own.open(news);
    await stream.until('sse.open');
    const tries = await Promise.all([1, 2, 3].map((n) => own.hub.publish('news', { data: n }, { key: 'order-7' })));
    const again = await own.hub.publish('news', { data: 4 }, { key: 'order-7' });
    const other = await own.hub.publish('elsewhere', { data: 5 }, { key: 'order-7' });
    expect(new Set([...tries, again].map(({ id }) => id)).size).toBe(1);
    expect([...tries, again].map(({ duplicate }) => duplicate)).toEqual([false, true, true, true]);
    expect(other.duplicate).toBe(false);
    await own.hub.publish('news', 'end');
    expect(await stream.take(2)).toMatchObject([{ data: '1' }, { data: 'end' }]);
  });

  it('D8 never shows a private message to anyone else, nor again', async () => {
    const own = await serve(leg);
    const first = await own.open(async (connection) => {
      await connection.subscribe('news');
      await connection.send('private');
    });
    const bystander = await own.open(news);
    expect(await first.take(2)).toMatchObject([{ event: 'sse.open' }, { data: 'private', id: '' }]);
    const { lastEventId } = first;
    await first.close();
    await publish(own, 1, 1);
    const again = await own.open(news, { lastEventId });
    const all = await own.open((connection) => connection.subscribe('news', { from: 'earliest' }));
    for (const stream of [bystander, again, all]) {
      expect(await stream.take(2)).toMatchObject([{ event: 'sse.open' }, { data: '1' }]);
    }
  });

  it('D11 keeps its place across everything that has no id', async () => {
    const own = await serve(leg);
    const stream = await own.open(async (connection) => {
      await connection.subscribe('news');
      await own.hub.publish('news', 'with an id');
      await turns();
      await connection.send('without');
      await connection.comment('a comment');
      await connection.send({ retry: 500 });
    });
    await stream.when(({ retry }) => retry === 500);
    const place = stream.events.find(({ data }) => data === 'with an id')?.id;
    expect(place).toBeTruthy();
    expect(stream.lastEventId).toBe(place);
    const [connection] = own.record.opens;
    expect(() => connection?.send({ id: 'mine', data: 'x' })).toThrow(TypeError);
  });

  it('D12 answers every hostile id with a reset, and no error', async () => {
    const hostile = [
      'x'.repeat(8_000),
      '../../etc/passwd',
      "' OR 1=1; --",
      '*',
      '0-0',
      '$',
      '1.-1',
      'zzzzzzzzzzz.1',
      'a.zzzzzzzzzzz',
      'a.01',
      'A.1',
      '{"id":1}',
      '%00',
    ];
    const queries = ['%00%0a%0d', '%F0%9F%98%80', '%E0%A4', 'a%20b', `${'y'.repeat(9_000)}`];
    const own = await serve(leg);
    const path = own.route(news);
    for (const request of [
      ...hostile.map((lastEventId) => ({ lastEventId })),
      ...queries.map((value) => ({ query: `lastEventId=${value}` })),
    ]) {
      const stream = await own.open(path, request);
      expect(stream.status).toBe(200);
      expect((await stream.until('sse.reset')).json()).toEqual({ channels: ['news'], reason: 'malformed' });
      expect(await stream.next()).toMatchObject({ event: 'sse.live' });
      await stream.close();
    }
    expect(own.record.errors).toEqual([]);
  });

  it('D13 an id is a place and no permission: it shows nothing of the channel that it came from', async () => {
    const own = await serve(leg);
    const [secret = ''] = await publish(own, 1, 5, 'secret');
    await publish(own, 6, 7);
    const stream = await own.open(news, { lastEventId: secret });
    await publish(own, 8, 8, 'secret');
    await publish(own, 9, 9);
    expect(await stream.take(4)).toMatchObject([{ event: 'sse.open' }, ...numbers(6, 7), { data: '9' }]);
  });

  it('D14 D18 resumes on another server of the same store, where nobody was connected meanwhile', async () => {
    const store = memoryStore();
    const [otherLeg = leg] = PLAIN_LEGS.filter(({ framework }) => framework !== leg.framework);
    const one = await serve(leg, { hub: createHub({ store }) });
    const two = await serve(otherLeg, { hub: createHub({ store }) });
    const first = await one.open(news);
    await first.until('sse.open');
    await publish(one, 1, 3);
    await publish(two, 4, 6);
    expect(await first.take(6)).toMatchObject(numbers(1, 6));
    await first.close();
    await publish(one, 7, 8);
    await publish(two, 9, 10);
    const second = await two.open(news, { lastEventId: first.lastEventId });
    expect(await second.take(5)).toMatchObject([{ event: 'sse.open' }, ...numbers(7, 10)]);
    await second.close();
    await publish(two, 11, 12);
    const third = await one.open(news, { lastEventId: second.lastEventId });
    expect(await third.take(3)).toMatchObject([{ event: 'sse.open' }, ...numbers(11, 12)]);
  });

  it('D19 a client that is cut before its first message misses nothing: the first event has an id', async () => {
    const stream = await server().open(news);
    const { id } = await stream.next();
    await stream.close();
    await publish(server(), 1, 3);
    const again = await server().open(news, { lastEventId: id });
    expect(await again.take(4)).toMatchObject([{ event: 'sse.open' }, ...numbers(1, 3)]);
    await again.close();
  });
});
