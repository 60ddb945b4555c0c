import { fakeClock } from '@headwater/testing';
import { describe, expect, test } from 'vitest';
import { memoryStore } from '../src/index.js';
import { world } from './helpers.js';

describe('hub.sync', () => {
  test('without a place begins here and now', async () => {
    const { hub } = world();
    const { id } = await hub.publish('news', 'old');
    expect(await hub.sync({ channels: ['news'] })).toEqual({ next: id, more: false, events: [] });
  });

  test('gives what came after, page by page, in log order', async () => {
    const { hub } = world();
    const ids: string[] = [];
    for (let i = 0; i < 10; i++) ids.push((await hub.publish(i % 2 ? 'b' : 'a', { event: 'n', data: i })).id);
    await hub.publish('other', 'x');
    const first = await hub.sync({ channels: ['a', 'b'], after: ids[1], limit: 3 });
    expect(first.events.map(({ id, channel, event, data }) => [id, channel, event, data])).toEqual([
      [ids[2], 'a', 'n', '2'],
      [ids[3], 'b', 'n', '3'],
      [ids[4], 'a', 'n', '4'],
    ]);
    expect([first.next, first.more]).toEqual([ids[4], true]);
    const second = await hub.sync({ channels: ['a', 'b'], after: first.next });
    expect([second.events.length, second.more, second.next]).toEqual([5, false, hub.health().head]);
  });

  for (const [after, reason] of [
    ['!!', 'malformed'],
    ['zz.1', 'epoch'],
  ] as const) {
    test(`answers an id that is ${reason} with a reset and what is retained`, async () => {
      const { hub } = world();
      const { id } = await hub.publish('news', 'a');
      const result = await hub.sync({ channels: ['news'], after });
      expect(result).toMatchObject({ next: id, reset: { channels: ['news'], reason }, events: [{ data: 'a' }] });
    });
  }

  test('answers a trimmed place with the snapshot, its deltas, and the healthy channels from the own place', async () => {
    const store = memoryStore({
      clock: fakeClock({ now: 1_000_000 }),
      retentionOf: (channel) => (channel === 'todos' ? { count: 2 } : undefined),
    });
    const { hub } = world({ store });
    const start = await hub.publish('news', 'seen');
    await hub.publish('news', 'missed');
    for (let i = 0; i < 4; i++) await hub.publish('todos', `t${i}`);
    const saved = await hub.publish('todos', 't4');
    await hub.saveSnapshot('todos', { list: 5 }, { at: saved.id });
    await hub.publish('todos', 't5');
    const result = await hub.sync({ channels: ['todos', 'news'], after: start.id });
    expect(result.reset).toEqual({ channels: ['todos'], reason: 'trimmed' });
    expect(result.snapshots).toEqual([{ channel: 'todos', data: { list: 5 } }]);
    expect(result.events.map(({ data }) => data)).toEqual(['missed', 't5']);
    expect(result.next).toBe(hub.health().head);
  });

  test('refuses wrong channels, and bounds the limit', async () => {
    const { hub } = world();
    await expect(hub.sync({ channels: [] })).rejects.toThrow(TypeError);
    await expect(hub.sync({ channels: ['a b'] })).rejects.toThrow(TypeError);
    for (let i = 0; i < 3; i++) await hub.publish('news', 'x');
    const { next } = await hub.sync({ channels: ['news'], after: `${hub.health().head.split('.')[0]}.0`, limit: -5 });
    expect(next).toMatch(/\.1$/);
  });

  test('withholds what a filter withholds', async () => {
    const { hub } = world();
    const { id } = await hub.publish('news', 'a');
    await hub.publish('news', 'secret');
    await hub.publish('news', 'b');
    const { events } = await hub.sync({ channels: ['news'], after: id, filter: ({ data }) => data !== 'secret' });
    expect(events.map(({ data }) => data)).toEqual(['b']);
  });
});
