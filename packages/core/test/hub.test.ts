import { describe, expect, test } from 'vitest';
import { memoryStore } from '../src/index.js';
import { world } from './helpers.js';

describe('hub.publish', () => {
  const wrong: [name: string, channel: unknown, message: unknown, code: string | typeof TypeError][] = [
    ['a message with an id of its own', 'news', { data: 'x', id: '1' }, TypeError],
    ['an event of the protocol', 'news', { event: 'sse.open', data: 'x' }, TypeError],
    ['an event without data', 'news', { event: 'x' }, TypeError],
    ['a comment alone', 'news', { comment: 'x' }, TypeError],
    ['a channel with a space', 'the news', 'x', TypeError],
    ['an object that is no message', 'news', { title: 'x' }, TypeError],
    ['a key that is empty', 'news', 'x', TypeError],
    ['data that cannot be serialized', 'news', { data: 1n }, 'ERR_SSE_SERIALIZE'],
    ['more than maxEventBytes', 'news', 'x'.repeat(1001), 'ERR_SSE_EVENT_TOO_LARGE'],
  ];
  for (const [name, channel, message, error] of wrong) {
    test(`refuses ${name} at once`, async () => {
      const { hub } = world({ maxEventBytes: 1000 });
      const publish = () =>
        hub.publish(channel as string, message as string, name.startsWith('a key') ? { key: '' } : {});
      expect(publish).toThrow(typeof error === 'string' ? expect.objectContaining({ code: error }) : error);
      expect((await hub.publish('news', 'first')).id).toMatch(/\.1$/);
    });
  }

  test('returns the first id for the same key, and delivers once', async () => {
    const { hub, client, settle } = world();
    const { connection, data } = client();
    connection.subscribe('news');
    await settle();
    const first = await hub.publish('news', 'a', { key: 'k' });
    const again = await hub.publish('news', 'b', { key: 'k' });
    await settle();
    expect(again).toEqual({ id: first.id, duplicate: true });
    expect([first.duplicate, data()]).toEqual([false, ['a']]);
  });

  test('rejects with ERR_SSE_CLOSED once the hub is closed', async () => {
    const { hub, clock, settle } = world();
    const closing = hub.close();
    await settle();
    clock.advance(1_000);
    await closing;
    await expect(hub.publish('news', 'x')).rejects.toMatchObject({ code: 'ERR_SSE_CLOSED' });
  });

  test('serializes once, however many follow', async () => {
    let calls = 0;
    const { hub, client, settle } = world({
      serializer: (data) => {
        calls++;
        return JSON.stringify(data);
      },
    });
    const clients = Array.from({ length: 50 }, () => client());
    for (const { connection } of clients) connection.subscribe('news');
    await settle();
    await hub.publish('news', { data: { a: 1 } });
    await settle();
    expect(clients.every(({ data }) => data()[0] === '{"a":1}')).toBe(true);
    expect(calls).toBe(1);
  });

  test('writes the same buffer to everyone who follows the same channels', async () => {
    const { hub, client, settle } = world();
    const clients = [client(), client(), client()];
    for (const { connection } of clients) connection.subscribe(['a', 'b']);
    await settle();
    await hub.publish('a', '1');
    await hub.publish('b', '2');
    await settle();
    const last = clients.map(({ transport }) => transport.batches.at(-1));
    expect(new Set(last).size).toBe(1);
    expect(Buffer.from(last[0]!.plain).toString()).toMatch(/^data: 1\nid: \w+\.1\n\ndata: 2\nid: \w+\.2\n\n$/);
    expect(Buffer.from(last[0]!.chunk).toString('latin1')).toBe(
      `${last[0]!.size.toString(16)}\r\n${Buffer.from(last[0]!.plain).toString('latin1')}\r\n`,
    );
  });
});

describe('hub', () => {
  test('saveSnapshot refuses an at that is no EventId, and one that is no place in the log', async () => {
    const { hub } = world();
    expect(() => hub.saveSnapshot('news', {}, { at: 'nonsense!' })).toThrow(TypeError);
    await hub.publish('news', 'x');
    await expect(hub.saveSnapshot('news', {}, { at: 'zz.1' })).rejects.toMatchObject({ code: 'ERR_SSE_POSITION' });
  });

  test('disconnect ends those who match and nobody else', async () => {
    const { hub, client, settle } = world();
    const [ann, bob] = [client(), client()];
    ann.connection.principal = 'ann';
    bob.connection.principal = 'bob';
    for (const { connection } of [ann, bob]) connection.subscribe('news');
    await settle();
    expect(hub.disconnect({ principal: 'ann' })).toBe(1);
    expect(hub.disconnect({})).toBe(0);
    expect([await ann.connection.closed, bob.connection.isOpen]).toEqual([
      { reason: 'revoked', detail: undefined },
      true,
    ]);
    expect(hub.disconnect(({ channels }) => channels.includes('news'), 'server')).toBe(1);
    expect(hub.connections.size).toBe(0);
  });

  test('health is ready once it tails the store, and no longer when it drains', async () => {
    const { hub, settle } = world();
    expect(hub.health()).toMatchObject({ live: true, ready: false, detail: 'store unreachable' });
    await settle();
    expect(hub.health()).toMatchObject({
      live: true,
      ready: true,
      connections: 0,
      head: expect.stringMatching(/\.0$/),
    });
    await hub.drain({ windowMs: 0 });
    expect(hub.health()).toMatchObject({ live: true, ready: false, detail: 'draining' });
  });

  test('close leaves a store that it did not make open, and closes its own', async () => {
    const store = memoryStore();
    const { hub } = world({ store });
    await hub.publish('news', 'x');
    await hub.close();
    expect((await store.state()).head).toBe(1);
    await store.close();
  });

  test('a hub and its connections leave no timer behind', async () => {
    const { hub, clock, client, settle } = world();
    for (let i = 0; i < 20; i++) client().connection.subscribe('news');
    await settle();
    await hub.publish('news', 'x');
    await settle();
    expect(hub.connections.size).toBe(20);
    await hub.close();
    await settle();
    expect([hub.connections.size, clock.timers, clock.turns]).toEqual([0, 0, 0]);
  });

  test('ten thousand hub channels that were used and left take no place', async () => {
    const { coreOf } = await import('../src/hub.js');
    const { hub, client, settle } = world({ maxChannels: 10_000 });
    const { connection } = client();
    connection.subscribe(Array.from({ length: 10_000 }, (_, i) => `c${i}`));
    await settle();
    expect(coreOf(hub).liveSets.channelCount).toBe(10_000);
    connection.close();
    expect([coreOf(hub).liveSets.channelCount, coreOf(hub).cursors.size]).toEqual([0, 0]);
  });
});
