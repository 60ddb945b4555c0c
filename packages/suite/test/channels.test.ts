/**
 * Group E: channels, members, rights.
 *
 * | row | where |
 * |---|---|
 * | E1 to E5, E9, E11, E12 | below; E11 with 2,000 members: attach-race.sim.ts |
 * | E6 | authorize.test.ts |
 * | E7 | `VECTORS` in kit/vectors.ts, and below for undefined |
 * | E8 | below (what a hub keeps); what a store keeps: packages/core/test/memory/log.test.ts |
 * | E10 | below, two hubs on one store; its outage: store.test.ts. Two processes: the distributed stores' own tests |
 */
import { type Connection, createHub, type FilterEvent, memoryStore } from '@headwater/core';
import { expect, it } from 'vitest';
import { coreOf } from '../../core/src/hub.js';
import type { Handler } from './kit/app.js';
import { LEGS } from './kit/legs.js';
import { onEach } from './kit/on-each.js';
import { type Served, serve } from './kit/served.js';
import { turns, until } from './kit/wait.js';

const follows =
  (...channels: string[]): Handler =>
  (connection) =>
    connection.subscribe(channels);

/** Opens `count` streams that have all had their `sse.open`. */
const join = async (server: Served, handler: Handler, count: number) => {
  const path = server.route(handler);
  const streams = await Promise.all(Array.from({ length: count }, () => server.open(path)));
  await Promise.all(streams.map((stream) => stream.until('sse.open')));
  return streams;
};

onEach(LEGS, (leg) => {
  it('E1 reaches the members of a channel and nobody else, each with the same id', async () => {
    const server = await serve(leg);
    const [one, two] = await join(server, follows('news'), 2);
    const [other] = await join(server, follows('sport'), 1);
    const { id } = await server.hub.publish('news', { data: 'to members' });
    await server.hub.publish('sport', { data: 'to others' });
    expect(await one?.next()).toMatchObject({ event: 'message', data: 'to members', id });
    expect(await two?.next()).toMatchObject({ event: 'message', data: 'to members', id });
    expect(await other?.next()).toMatchObject({ data: 'to others' });
    expect(other?.text).not.toContain('to members');
  });

  it('E2 a filter withholds events from its own connection only, whichever hub they came from', async () => {
    const store = memoryStore();
    const server = await serve(leg, { hub: createHub({ store }) });
    const far = createHub({ store });
    const seen: FilterEvent[] = [];
    const filter = (event: FilterEvent) => {
      seen.push(event);
      return event.data !== '"secret"';
    };
    const [filtered] = await join(server, (connection) => connection.subscribe('news', { filter }), 1);
    const [plain] = await join(server, follows('news'), 1);
    for (const hub of [server.hub, far]) {
      await hub.publish('news', { event: 'e', data: '"secret"' });
      await hub.publish('news', { data: 'public' });
    }
    expect(await filtered?.take(2)).toMatchObject([{ data: 'public' }, { data: 'public' }]);
    expect((await plain?.take(4))?.map(({ data }) => data)).toEqual(['"secret"', 'public', '"secret"', 'public']);
    expect(seen[0]).toMatchObject({ channel: 'news', event: 'e', data: '"secret"', id: plain?.events[1]?.id });
    // Replay is filtered as well.
    const again = await server.open((connection) => connection.subscribe('news', { from: 'earliest', filter }));
    expect(await again.take(3)).toMatchObject([{ event: 'sse.open' }, { data: 'public' }, { data: 'public' }]);
    await far.close();
  });

  it('E2 except: everyone but the sender', async () => {
    const server = await serve(leg);
    const from: Handler = (connection) =>
      connection.subscribe('chat', {
        filter: ({ data }) => (JSON.parse(data) as { from: string }).from !== connection.id,
      });
    const [one, two] = await join(server, from, 2);
    const [first] = server.record.opens as [Connection];
    await server.hub.publish('chat', { data: { from: first.id, text: 'mine' } });
    await server.hub.publish('chat', { data: { from: 'server', text: 'all' } });
    const mine = [one, two].find((stream) => stream?.events[0]?.data.includes(`"${first.id}"`));
    const theirs = mine === one ? two : one;
    expect((await mine?.next())?.json()).toMatchObject({ text: 'all' });
    expect((await theirs?.next())?.json()).toMatchObject({ text: 'mine' });
  });

  it('E3 neither a filter that throws nor a client that dies keeps the others from anything', async () => {
    const server = await serve(leg);
    const good = await join(server, follows('news'), 3);
    const throws = () => {
      throw new Error('filter');
    };
    const [bad] = await join(server, (connection) => connection.subscribe('news', { filter: throws }), 1);
    const dying = await Promise.all([1, 2, 3].map(() => server.pause(follows('news'))));
    await until(() => server.record.resumes.length === 7);
    await server.hub.publish('news', 'one');
    for (const client of dying) client.hangUp();
    await server.hub.publish('news', 'two');
    await server.hub.publish('news', 'three');
    for (const stream of good) {
      expect(await stream.take(3)).toMatchObject([{ data: 'one' }, { data: 'two' }, { data: 'three' }]);
    }
    await until(() => server.hub.connections.size === 4);
    expect(bad?.events).toHaveLength(1);
    expect(server.record.errors).toMatchObject(Array(3).fill({ source: 'filter', error: { message: 'filter' } }));
  });

  it('E4 subscribing twice delivers once; leaving and coming back is announced', async () => {
    const server = await serve(leg);
    const [stream] = await join(server, follows('news', 'news'), 1);
    const [connection] = server.record.opens as [Connection];
    expect(await connection.subscribe('news')).toEqual({ resume: 'fresh', channels: ['news'] });
    await server.hub.publish('news', 'once');
    expect(await stream?.next()).toMatchObject({ data: 'once' });
    connection.unsubscribe('news');
    connection.unsubscribe('news');
    connection.unsubscribe('never');
    expect(connection.channels).toEqual([]);
    await server.hub.publish('news', 'unheard');
    await turns();
    const rejoined = await connection.subscribe('news', { onReset: 'live' });
    expect(rejoined).toEqual({ resume: 'reset', channels: ['news'] });
    await stream?.until('sse.live');
    await server.hub.publish('news', 'heard');
    expect(await stream?.next()).toMatchObject({ data: 'heard' });
    expect(stream?.text).not.toContain('unheard');
    expect(server.hub.connections.size).toBe(1);
  });

  it('E5 one connection follows many channels in the order of the log, and unsubscribe ends delivery', async () => {
    const server = await serve(leg);
    const channels = Array.from({ length: 50 }, (_, n) => `c${n}`);
    const [stream] = await join(server, follows(...channels), 1);
    const [connection] = server.record.opens as [Connection];
    await Promise.all(channels.map((channel) => server.hub.publish(channel, { data: channel })));
    expect((await stream?.take(50))?.map(({ data }) => data)).toEqual(channels);
    connection.unsubscribe(channels.slice(0, 25));
    const change = await stream?.until('sse.open');
    expect(change?.json()).toMatchObject({ channels: channels.slice(25) });
    await Promise.all(channels.map((channel) => server.hub.publish(channel, { data: channel })));
    expect((await stream?.take(25))?.map(({ data }) => data)).toEqual(channels.slice(25));
  });

  it('E7 undefined is no data, and null, 0, false and the empty string are', async () => {
    const server = await serve(leg);
    const [stream] = await join(server, follows('news'), 1);
    expect(() => server.hub.publish('news', { data: undefined })).toThrow(TypeError);
    for (const data of [0, false, '', null]) await server.hub.publish('news', { data });
    expect((await stream?.take(4))?.map(({ data }) => data)).toEqual(['0', 'false', '', 'null']);
  });

  it('E8 channels that nobody follows any more leave nothing in the hub', async () => {
    const server = await serve(leg, { hub: { maxChannels: 1_000 } });
    const [stream] = await join(server, follows('news'), 1);
    const [connection] = server.record.opens as [Connection];
    for (let round = 0; round < 10; round++) {
      const names = Array.from({ length: 500 }, (_, n) => `room-${round}-${n}`);
      await connection.subscribe(names, { onReset: 'live' });
      connection.unsubscribe(names);
    }
    await server.hub.publish('news', 'end');
    await stream?.until(({ data }) => data === 'end');
    expect(connection.channels).toEqual(['news']);
    expect(coreOf(server.hub).liveSets.channelCount).toBe(1);
    await stream?.close();
    await until(() => server.hub.connections.size === 0);
    expect(coreOf(server.hub).liveSets.channelCount).toBe(0);
    expect(coreOf(server.hub).cursors.size).toBe(0);
  });

  it('E9 initial state goes to the one who joins, before anything that is live', async () => {
    const server = await serve(leg);
    const handler: Handler = async (connection) => {
      await connection.send({ event: 'state', data: { topic: 'frames' } });
      await connection.subscribe('room');
    };
    const path = server.route(handler);
    const first = await server.open(path);
    await first.until('sse.open');
    const second = await server.open(path);
    await second.until('sse.open');
    await server.hub.publish('room', 'live');
    expect(await first.next()).toMatchObject({ data: 'live' });
    expect(first.events.map(({ event }) => event)).toEqual(['state', 'sse.open', 'message']);
    expect(second.events[0]).toMatchObject({ event: 'state', data: '{"topic":"frames"}', id: '' });
  });

  it('E10 two hubs on one store: each event once on both, in the same order', async () => {
    const store = memoryStore();
    const one = await serve(leg, { hub: createHub({ store }) });
    const two = await serve(leg, { hub: createHub({ store }) });
    const [[here], [there]] = await Promise.all([join(one, follows('news'), 1), join(two, follows('news'), 1)]);
    const sent = Array.from({ length: 100 }, (_, n) => (n % 2 ? one : two).hub.publish('news', { data: n }));
    const ids = (await Promise.all(sent)).map(({ id }) => id);
    const [atOne, atTwo] = [await here?.take(100), await there?.take(100)];
    expect(atOne?.map(({ id }) => id).toSorted()).toEqual(ids.toSorted());
    expect(atTwo?.map(({ id }) => id)).toEqual(atOne?.map(({ id }) => id));
    expect(new Set(atOne?.map(({ data }) => data)).size).toBe(100);
  });

  it('E11 encodes a message once, however many follow', async () => {
    let calls = 0;
    const serializer = (data: unknown) => {
      calls++;
      return JSON.stringify(data);
    };
    const server = await serve(leg, { hub: { serializer } });
    const streams = await join(server, follows('news'), 25);
    await server.hub.publish('news', { data: { n: 1 } });
    await Promise.all(streams.map((stream) => stream.until(({ data }) => data === '{"n":1}')));
    expect(calls).toBe(1);
  });

  it('E12 keeps the order of publishing, of all channels together, if nobody awaits', async () => {
    const server = await serve(leg);
    const [stream] = await join(server, follows('a', 'b', 'c'), 1);
    const sent = Array.from({ length: 1_000 }, (_, n) => server.hub.publish('abc'[n % 3] as string, { data: n }));
    await Promise.all(sent);
    expect((await stream?.take(1_000))?.map(({ data }) => Number(data))).toEqual(
      Array.from({ length: 1_000 }, (_, n) => n),
    );
  });
});
