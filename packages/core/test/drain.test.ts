import { describe, expect, test } from 'vitest';
import { world } from './helpers.js';

describe('hub.drain', () => {
  test('ends everyone within the window, spread over it, each with a fresh id and a retry', async () => {
    let seed = 1;
    const random = () => {
      seed = (seed * 16_807) % 2_147_483_647;
      return seed / 2_147_483_647;
    };
    const { client, hub, pass, settle } = world({ random });
    const clients = Array.from({ length: 200 }, () => client());
    for (const { connection } of clients) connection.subscribe('quiet');
    await settle();
    const { id } = await hub.publish('other', 'x');
    await settle();
    const drained = hub.drain({ windowMs: 10_000 });
    expect(hub.health().ready).toBe(false);
    const ended: number[] = [];
    for (let tenth = 0; tenth < 10; tenth++) {
      await pass(1_000, 100);
      ended.push(clients.filter(({ connection }) => !connection.isOpen).length - ended.reduce((a, b) => a + b, 0));
    }
    await pass(1_000, 100);
    await drained;
    expect(clients.every(({ transport }) => transport.ending === 'disconnect' && transport.cursor === id)).toBe(true);
    expect(clients.every(({ transport }) => (transport.retry ?? 0) >= 250)).toBe(true);
    expect(Math.max(...ended)).toBeLessThanOrEqual(40);
  });

  test('refuses new streams while it lasts, in a way that EventSource survives', async () => {
    const { client, hub } = world();
    await hub.drain({ windowMs: 0 });
    const { connection, control } = client();
    connection.open();
    expect([connection.isOpen, control()]).toEqual([false, ['busy']]);
  });

  test('gives up who takes nothing, after a moment', async () => {
    const { client, hub, pass, settle } = world();
    const { connection, transport } = client();
    connection.subscribe('news');
    await settle();
    transport.pause();
    await hub.publish('news', 'x'.repeat(1_000));
    await settle();
    const closing = hub.close();
    await pass(1_000, 20);
    await closing;
    expect([transport.ending, transport.pendingBytes]).toEqual(['destroy', 0]);
  });

  test('refuses a window that is none', () => {
    const { hub } = world();
    expect(() => hub.drain({ windowMs: -1 })).toThrow(RangeError);
    expect(() => hub.drain({ windowMs: Number.NaN })).toThrow(RangeError);
  });
});
