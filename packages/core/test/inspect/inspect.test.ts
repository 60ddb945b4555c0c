import { fakeClock } from '@headwater/testing';
import { describe, expect, it } from 'vitest';
import { inspect, memoryStore, SseError } from '../../src/index.js';
import { changed, world } from '../helpers.js';

/** A hub whose store keeps two entries of a channel, and whose memory holds one. */
function forgetful() {
  const clock = fakeClock({ now: 1_000_000 });
  return world({ clock, store: memoryStore({ clock, retention: { count: 2 } }), ringEvents: 1 });
}

describe('connections', () => {
  it('are described, in pages, the oldest first', async () => {
    const { client, clock, hub, settle } = world();
    const request = { ip: '203.0.113.7', route: { path: '/news' } };
    const first = client({ request });
    first.connection.principal = 'ann';
    for (const { connection } of [first, client(), client()]) connection.subscribe('news');
    await settle();
    await hub.publish('news', 'x');
    await settle();
    clock.advance(2_000);
    const { total, connections } = inspect(hub).connections({ limit: 1 });
    expect([total, connections]).toEqual([
      3,
      [
        {
          id: first.connection.id,
          address: '203.0.113.7',
          tls: undefined,
          route: '/news',
          principal: 'ann',
          clientId: undefined,
          channels: ['news'],
          isLive: true,
          behind: 0,
          pendingBytes: 0,
          ageMs: 2_000,
          events: 1,
          bytes: first.connection.sent.bytes,
        },
      ],
    ]);
    expect(inspect(hub).connections({ offset: 1, limit: 500 }).connections).toHaveLength(2);
    expect(inspect(hub).connections({ offset: 9 })).toEqual({ total: 3, isPartial: false, connections: [] });
  });

  it('are found by what they are and by being behind', async () => {
    const { client, hub, settle } = world();
    const [ann, ben] = [client(), client()];
    ann.connection.principal = 'ann';
    ann.connection.subscribe('news');
    ben.connection.subscribe('user:ben');
    await settle();
    const ids = (query: object) =>
      inspect(hub)
        .connections(query)
        .connections.map(({ id }) => id);
    expect(ids({ find: 'ann' })).toEqual([ann.connection.id]);
    expect(ids({ find: 'user:' })).toEqual([ben.connection.id]);
    expect(ids({ onlyBehind: true })).toEqual([]);
    ann.transport.pause();
    await hub.publish('news', 'x'.repeat(100_000));
    await settle();
    await hub.publish('news', 'y');
    await settle();
    expect(inspect(hub).connections({ onlyBehind: true })).toMatchObject({
      total: 1,
      connections: [{ id: ann.connection.id, isLive: false, behind: 1 }],
    });
  });
});

describe('channels', () => {
  it('are those that somebody follows, live or not, and those in memory', async () => {
    const { client, clock, hub, settle } = world();
    for (let i = 0; i < 3; i++) client().connection.subscribe(['news', 'quiet']);
    const slow = client();
    slow.connection.subscribe('news');
    await settle();
    slow.transport.pause();
    await hub.publish('news', 'x'.repeat(100_000));
    await settle();
    clock.advance(5);
    const { id } = await hub.publish('unheard', 'x');
    await hub.revoke({ principal: 'nobody' });
    await settle();
    expect(await inspect(hub).channels()).toEqual({
      total: 3,
      channels: [
        {
          name: 'news',
          followers: 4,
          floor: 0,
          head: { id: expect.any(String), seq: 1, time: 1_000_000 },
          inMemory: 1,
        },
        { name: 'quiet', followers: 3, floor: 0, head: undefined, inMemory: 0 },
        { name: 'unheard', followers: 0, floor: 0, head: { id, seq: 2, time: 1_000_005 }, inMemory: 1 },
      ],
    });
    expect(await inspect(hub).channels(1)).toMatchObject({ total: 3, channels: [{ name: 'news' }] });
  });

  it('show their newest events as they are on the wire', async () => {
    const { hub, settle } = world({ regionOf: (channel) => (channel === 'eu' ? 'eu' : undefined) });
    for (const data of ['1', '2', '3']) await hub.publish('news', data);
    const { id } = await hub.publish('eu', { event: 'story', data: 'two\nlines' });
    await settle();
    expect(
      inspect(hub)
        .recent('news', 2)
        .map(({ data }) => data),
    ).toEqual(['2', '3']);
    expect(inspect(hub).recent('eu')).toMatchObject([
      { id, seq: 4, event: 'story', data: 'two\nlines', time: 1_000_000 },
    ]);
    expect(() => inspect(hub).recent('no such, name')).toThrow(TypeError);
  });
});

describe('tryResume', () => {
  it('says that a client gets exactly what it missed, from memory where it is there', async () => {
    const { client, hub, settle } = world();
    const { id } = await hub.publish('news', '1');
    for (const channel of ['news', 'other', 'news']) await hub.publish(channel, 'x');
    await settle();
    expect(await inspect(hub).tryResume(id, ['news'])).toEqual({
      outcome: 'resumed',
      reason: undefined,
      seq: 1,
      head: 4,
      headId: expect.any(String),
      floors: [{ channel: 'news', floor: 0, isTrimmed: false }],
      events: 2,
      isAtLeast: false,
      isInMemory: true,
    });
    // As a client does.
    const { connection, data } = client({ lastEventId: id });
    connection.subscribe('news');
    await settle();
    expect(data()).toHaveLength(2);
  });

  it('says why history is gone, and what is left of it', async () => {
    const { client, hub, settle } = forgetful();
    const ids: string[] = [];
    for (const data of ['1', '2', '3', '4']) ids.push((await hub.publish('news', data)).id);
    await settle();
    const look = inspect(hub);
    expect(await look.tryResume(ids[0]!, ['news'])).toMatchObject({
      outcome: 'reset',
      reason: 'trimmed',
      floors: [{ channel: 'news', floor: 2, isTrimmed: true }],
      events: 2,
      isInMemory: false,
    });
    expect(await look.tryResume(ids[1]!, ['news'])).toMatchObject({ outcome: 'resumed', events: 2, isInMemory: false });
    expect(await look.tryResume('zzzzzzzz.1', ['news'])).toMatchObject({
      outcome: 'reset',
      reason: 'epoch',
      events: 2,
    });
    expect(await look.tryResume('<script>', ['news'])).toMatchObject({ reason: 'malformed', seq: undefined });
    expect(await look.tryResume(ids[0]!, ['never'])).toMatchObject({ outcome: 'resumed', events: 0 });
    for (const [lastEventId, left] of [
      [ids[0]!, ['3', '4']],
      [ids[1]!, ['3', '4']],
    ] as const) {
      const { connection, data } = client({ lastEventId });
      connection.subscribe('news');
      await settle();
      expect(data()).toEqual(left);
    }
    expect(hub.connections.size).toBe(2);
  });

  it('rejects what no client could ask', async () => {
    const { hub } = world();
    expect(() => inspect(hub).tryResume('x', [])).toThrow(TypeError);
    expect(() => inspect(hub).tryResume('x', ['a b'])).toThrow(TypeError);
  });
});

describe('a store that is away', () => {
  it('is said to be, within the time', async () => {
    const clock = fakeClock({ now: 1_000_000 });
    const inner = memoryStore({ clock });
    let isDown = false;
    const down = <T>(work: () => Promise<T>) => (isDown ? new Promise<T>(() => {}) : work());
    const store = changed(inner, {
      state: () => down(() => inner.state()),
      read: (...args) => down(() => inner.read(...args)),
    });
    const { hub, pass, settle } = world({ clock, store });
    await settle();
    const { id } = await hub.publish('news', 'x');
    await settle();
    expect(await inspect(hub).store()).toMatchObject({ isReachable: true, failure: undefined, head: 1, seen: 1 });
    isDown = true;
    const health = inspect(hub).store(1_000);
    const resume = inspect(hub).tryResume(id, ['news'], 1_000);
    const channels = inspect(hub).channels();
    resume.catch(() => {});
    await pass(3_000, 500);
    expect(await health).toMatchObject({
      isReachable: false,
      head: undefined,
      seen: 1,
      failure: expect.stringMatching(/1000 ms/),
    });
    await expect(resume).rejects.toThrow(SseError);
    expect((await channels).channels).toMatchObject([{ name: 'news', floor: undefined }]);
  });
});
