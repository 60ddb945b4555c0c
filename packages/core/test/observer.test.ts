import { once } from 'node:events';
import { describe, expect, test } from 'vitest';
import { Observers } from '../src/observer.js';
import { world } from './helpers.js';

describe('observers', () => {
  test('see a connection, its place, a publish, a flush and the end', async () => {
    const seen: unknown[][] = [];
    const note =
      (name: string) =>
      (...args: unknown[]) =>
        void seen.push([name, ...args.filter((arg) => typeof arg === 'object' && arg?.constructor === Object)]);
    const { client, hub, settle } = world({
      observers: [
        {
          opened: note('opened'),
          resumed: note('resumed'),
          published: note('published'),
          flushed: note('flushed'),
          closed: note('closed'),
        },
      ],
    });
    const { connection } = client();
    connection.subscribe('news');
    await settle();
    const { id } = await hub.publish('news', 'x');
    await settle();
    connection.close();
    expect(seen).toEqual([
      ['opened'],
      ['resumed', { resume: 'fresh', behind: 0 }],
      ['published', { channel: 'news', id, bytes: 8, duplicate: false }],
      ['flushed', { frames: 1, writes: 1, events: 1, bytes: expect.any(Number), holdMs: 0, durationMs: 0, lagMs: 0 }],
      ['closed', { reason: 'server', detail: undefined, durationMs: 0 }],
    ]);
  });

  test('one that throws breaks neither the flush nor the others', async () => {
    const errors: unknown[] = [];
    const { client, hub, settle } = world({
      observers: [
        {
          flushed: () => {
            throw new Error('broken observer');
          },
          published: () => {
            throw new Error('too');
          },
        },
        { error: (error) => errors.push(error) },
      ],
    });
    const { connection, data } = client();
    connection.subscribe('news');
    await settle();
    await hub.publish('news', 'a');
    await settle();
    await hub.publish('news', 'b');
    await settle();
    expect([data(), errors.length]).toEqual([['a', 'b'], 4]);
  });

  test('an error that nobody observes becomes a process warning', async () => {
    const warned = once(process, 'warning');
    new Observers(world().hub, []).error(new Error('unheard'), 'store');
    const [warning] = await warned;
    expect([warning.name, warning.message]).toEqual(['HeadwaterWarning', expect.stringContaining('unheard')]);
  });

  test('hub.observe adds one, and what it returns removes it', async () => {
    const { hub } = world();
    let count = 0;
    const remove = hub.observe({ published: () => count++ });
    await hub.publish('news', 'x');
    remove();
    await hub.publish('news', 'y');
    expect(count).toBe(1);
  });

  test('a filter that throws withholds the event and is reported', async () => {
    const errors: string[] = [];
    const { client, hub, settle } = world({ observers: [{ error: (_, source) => errors.push(source) }] });
    const { connection, data } = client();
    connection.subscribe('news', {
      filter: ({ data: text }) => {
        if (text === 'b') throw new Error('broken filter');
        return true;
      },
    });
    await settle();
    for (const text of ['a', 'b', 'c']) await hub.publish('news', text);
    await settle();
    expect([data(), errors]).toEqual([['a', 'c'], ['filter']]);
  });
});
