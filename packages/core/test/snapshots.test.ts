import { describe, expect, test } from 'vitest';
import { world } from './helpers.js';

describe('snapshot providers', () => {
  test('are called once for all who wait, and each client ends in the state of the moment', async () => {
    const state: number[] = [];
    let calls = 0;
    let release: () => void = () => {};
    const gate = new Promise<void>((resolve) => {
      release = resolve;
    });
    const { client, hub, settle } = world({
      snapshot: async () => {
        calls++;
        const copy = [...state];
        await gate;
        return copy;
      },
    });
    const write = (n: number) => {
      state.push(n);
      return hub.publish('list', { data: n });
    };
    for (let n = 0; n < 5; n++) await write(n);
    const clients = Array.from({ length: 50 }, () => client({ lastEventId: 'old.7' }));
    for (const { connection } of clients) connection.subscribe('list');
    await settle();
    for (let n = 5; n < 8; n++) await write(n);
    await settle();
    release();
    await settle();
    expect(calls).toBe(1);
    for (const { transport } of clients) {
      const list: number[] = [];
      for (const { event, data } of transport.events) {
        if (event === 'sse.snapshot') list.splice(0, list.length, ...JSON.parse(data).data);
        else if (event === 'message') list.push(JSON.parse(data));
      }
      expect(list).toEqual([0, 1, 2, 3, 4, 5, 6, 7]);
    }
  });

  test('of a channel go before the one of the hub, and undefined leaves everything that is retained', async () => {
    const { client, hub, settle } = world({ snapshot: (channel) => (channel === 'a' ? 'hub' : undefined) });
    hub.channel('b', { snapshot: () => 'own' });
    for (const channel of ['a', 'b', 'c']) await hub.publish(channel, channel);
    const { connection, transport } = client({ lastEventId: 'old.1' });
    connection.subscribe(['a', 'b', 'c']);
    await settle();
    const events = transport.events.map(({ event, data }) => [event, data]);
    expect(events).toContainEqual(['sse.snapshot', '{"channel":"a","data":"hub"}']);
    expect(events).toContainEqual(['sse.snapshot', '{"channel":"b","data":"own"}']);
    expect(events.filter(([event]) => event === 'message')).toEqual([['message', 'c']]);
  });

  const failures: [name: string, snapshot: () => unknown, message: RegExp][] = [
    [
      'throws',
      () => {
        throw new Error('database down');
      },
      /database down/,
    ],
    ['rejects', () => Promise.reject(new Error('database down')), /database down/],
    ['never answers', () => new Promise(() => {}), /did not answer within 10000 ms/],
    ['answers what is no JSON', () => 1n, /Cannot serialize/],
  ];
  for (const [name, snapshot, message] of failures) {
    test(`one that ${name} ends the connection, which may come back`, async () => {
      const errors: unknown[] = [];
      const { client, settle, pass } = world({ snapshot, observers: [{ error: (error) => errors.push(error) }] });
      const { connection, transport } = client({ lastEventId: 'old.1' });
      const subscribed = connection.subscribe('list');
      subscribed.catch(() => {});
      await settle();
      await pass(11_000);
      await expect(subscribed).rejects.toThrow(message);
      expect(await connection.closed).toMatchObject({ reason: 'error' });
      expect([transport.ending, transport.cursor, errors.length]).toEqual(['end', 'old.1', 1]);
    });
  }
});
