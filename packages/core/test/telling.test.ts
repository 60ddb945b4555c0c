import { fakeClock } from '@headwater/testing';
import { describe, expect, test } from 'vitest';
import { memoryStore, type Observer } from '../src/index.js';
import { changed, world } from './helpers.js';

/** An observer that notes what it is told, without the connections. */
function notes() {
  const told: [string, ...unknown[]][] = [];
  const note =
    (name: string) =>
    (...args: unknown[]) => {
      told.push([name, ...args.filter((arg) => !(arg instanceof Object && 'lastEventId' in arg))]);
    };
  const observer: Observer = {
    replayed: note('replayed'),
    live: note('live'),
    snapshot: note('snapshot'),
    refilled: note('refilled'),
    flushed: note('flushed'),
    error: () => {},
  };
  return { told, observer, of: (name: string) => told.filter(([what]) => what === name).map(([, value]) => value) };
}

describe('observers are told', () => {
  test('of history that a connection gets, and that it has caught up then', async () => {
    const { told, observer } = notes();
    const { client, hub, settle } = world({ observers: [observer] });
    const { id } = await hub.publish('news', '1');
    for (const data of ['2', '3']) await hub.publish('news', data);
    await settle();
    told.length = 0;
    const { connection } = client({ lastEventId: id });
    connection.subscribe('news');
    await settle();
    expect(told).toEqual([['replayed', { frames: 2, bytes: expect.any(Number) }], ['live']]);
  });

  test('how far a flush is behind its publisher', async () => {
    const { observer, of } = notes();
    const { client, clock, hub, settle } = world({ observers: [observer] });
    client().connection.subscribe('news');
    await settle();
    const published = hub.publish('news', 'x');
    clock.advance(40);
    await published;
    await settle();
    expect(of('flushed')).toMatchObject([{ frames: 1, writes: 1, events: 1, lagMs: 40 }]);
  });

  test('whom a snapshot was asked of, and what came of it', async () => {
    const { observer, of } = notes();
    const { client, hub, settle } = world({
      observers: [observer],
      snapshot: (channel) => {
        if (channel === 'broken') throw new Error('database down');
        return channel === 'a' ? 1 : undefined;
      },
    });
    hub.channel('todos', { keyed: true });
    for (const channel of ['a', 'todos', 'plain', 'broken']) {
      client({ lastEventId: 'old.1' }).connection.subscribe(channel);
      await settle();
    }
    expect(of('snapshot')).toMatchObject([
      { channel: 'a', from: 'provider', found: true, failed: false },
      { channel: 'todos', from: 'provider', found: false },
      { channel: 'todos', from: 'items', found: true },
      { channel: 'plain', from: 'provider', found: false },
      { channel: 'plain', from: 'saved', found: false },
      { channel: 'broken', from: 'provider', found: false, failed: true },
    ]);
  });

  test('of a tail that left something out', async () => {
    const { observer, of } = notes();
    const clock = fakeClock({ now: 1_000_000 });
    const inner = memoryStore({ clock });
    let isLeftOut = false;
    const store = changed(inner, {
      tail: (from, listener) =>
        inner.tail(from, {
          entries: (entries) => {
            if (!isLeftOut) listener.entries(entries);
            isLeftOut = false;
          },
          lost: (error) => listener.lost(error),
        }),
    });
    const { client, hub, settle } = world({ store, clock, observers: [observer] });
    const { connection, data } = client();
    connection.subscribe('news');
    await settle();
    isLeftOut = true;
    await hub.publish('news', '1');
    await hub.publish('news', '2');
    await settle();
    expect(data()).toEqual(['1', '2']);
    expect(of('refilled')).toHaveLength(1);
  });
});

test('hub.stats counts what the hub holds', async () => {
  const { client, hub, settle } = world();
  const clients = Array.from({ length: 3 }, () => client());
  for (const { connection } of clients) connection.subscribe(['a', 'b']);
  clients[2]?.connection.unsubscribe();
  await settle();
  clients[0]?.transport.pause();
  await hub.publish('a', 'x'.repeat(100_000));
  await settle();
  await hub.publish('a', 'y');
  await settle();
  expect(hub.stats()).toEqual({
    connections: 3,
    live: 1,
    catchingUp: 1,
    pendingBytes: expect.any(Number),
    channels: 2,
    feedLag: 0,
    subscriptions: 3,
    admitted: 3,
    ending: 0,
    authorizing: 0,
    reads: 0,
    waiting: 0,
  });
  expect(hub.stats().pendingBytes).toBeGreaterThan(100_000);
});
