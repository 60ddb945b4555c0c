import { fakeClock } from '@headwater/testing';
import { describe, expect, test } from 'vitest';
import { memoryStore, type Page } from '../src/index.js';
import { changed, world } from './helpers.js';

/** A hub that keeps next to nothing in memory, so that history comes from its store, whose reads are noted. */
function historyWorld() {
  const clock = fakeClock({ now: 1_000_000 });
  const inner = memoryStore({ clock, retention: { count: false } });
  const pages: Page[] = [];
  const store = changed(inner, {
    read: async (...args) => {
      const page = await inner.read(...args);
      pages.push(page);
      return page;
    },
  });
  return { ...world({ store, clock, ringEvents: 1, maxPendingBytes: 64 * 2 ** 20 }), pages };
}

const sizeOf = (page: Page) => page.entries.reduce((sum, { body }) => sum + body.byteLength, 0);

describe('history from the store', () => {
  test('is read in pages of bounded bytes, whatever the size of its entries', async () => {
    const { client, hub, pages, settle } = historyWorld();
    const large = 'x'.repeat(300_000);
    const { id } = await hub.publish('news', '0');
    for (let n = 1; n <= 12; n++) await hub.publish('news', `${n}${large}`);
    await settle();
    const { connection, data, transport } = client({ lastEventId: id });
    connection.subscribe('news');
    for (let n = 0; n < 20; n++) {
      await settle();
      transport.drain();
    }
    expect(data().map((text) => text.replace(large, ''))).toEqual(Array.from({ length: 12 }, (_, n) => String(n + 1)));
    expect(pages.length).toBeGreaterThan(3);
    for (const page of pages) expect(sizeOf(page)).toBeLessThan(1_400_000);
  });

  test('is read once for many clients at many places', async () => {
    const { client, hub, pages, settle } = historyWorld();
    const ids: string[] = [];
    for (let n = 0; n < 1_024; n++) ids.push((await hub.publish('news', String(n))).id);
    await settle();
    const clients = Array.from({ length: 300 }, (_, n) => client({ lastEventId: ids[n * 3] as string }));
    for (const { connection } of clients) connection.subscribe('news');
    await settle();
    for (const [n, { data }] of clients.entries()) expect(data()).toHaveLength(1_023 - n * 3);
    expect(pages.length).toBeLessThanOrEqual(6);
  });

  test('is not kept for who pages through more of it than could be kept, however soon the next one does so', async () => {
    const { client, hub, pages, settle } = historyWorld();
    const ids: string[] = [];
    for (let n = 0; n < 120 * 256; n++) ids.push((await hub.publish('news', '')).id);
    await settle();
    const readsFrom = async (place: number) => {
      const before = pages.length;
      const { connection, transport, data } = client({ lastEventId: ids[place - 1] as string });
      connection.subscribe('news');
      for (let turns = 0; turns < 100 && !transport.text.includes(`id: ${ids.at(-1)}\n`); turns++) {
        await settle();
        transport.drain();
      }
      expect(data()).toHaveLength(ids.length - place);
      connection.close();
      return pages.length - before;
    };
    expect(await readsFrom(1)).toBeGreaterThanOrEqual(119);
    expect(await readsFrom(1)).toBeGreaterThanOrEqual(119);
    expect(await readsFrom(110 * 256)).toBeGreaterThanOrEqual(9);
    // Now there is a crowd, if a small one.
    expect(await readsFrom(110 * 256)).toBeLessThan(5);
  });
});

describe('the end of history', () => {
  const wishes = { prev: true };

  test('is told in a comment, right behind the last of it, to who asked for links', async () => {
    const { client, hub, settle } = world();
    const { id } = await hub.publish('news', '1');
    for (const data of ['2', '3']) await hub.publish('news', data);
    // Of another channel: the head of the log is no end that this client could see.
    await hub.publish('other', 'x');
    await settle();
    const { connection, transport } = client({ lastEventId: id, wishes });
    connection.subscribe('news');
    await settle();
    expect(transport.text).toMatch(/data: 3\nid: .*\n\n: live\n$/);
    await hub.publish('news', '4');
    await settle();
    expect(transport.text).toMatch(/: live\n: news \d\ndata: 4\nid: .*\n\n$/);
  });

  test('is told after a repair as well, and where nothing was missed', async () => {
    const { client, hub, settle } = world();
    const { id } = await hub.publish('news', '1');
    await settle();
    for (const lastEventId of ['unknown.1', id]) {
      const { connection, transport } = client({ lastEventId, wishes });
      connection.subscribe('news');
      await settle();
      expect(transport.text).toMatch(/\n\n: live\n$/);
    }
  });

  test('comes when the client has taken all of it, and not before', async () => {
    const { client, hub, settle } = world({ maxPendingBytes: 64 * 2 ** 20 });
    const { id } = await hub.publish('news', '0');
    for (let n = 1; n <= 40; n++) await hub.publish('news', `${n}${'x'.repeat(50_000)}`);
    await settle();
    const { connection, transport } = client({ lastEventId: id, wishes });
    connection.open();
    transport.pause();
    connection.subscribe('news');
    await settle();
    while (transport.pendingBytes > 0) {
      expect(transport.comments).not.toContain('live');
      transport.drain();
      await settle();
    }
    expect(transport.text).toMatch(/x\nid: .*\n\n: live\n$/);
  });

  test('is not told to others, nor to a fresh stream', async () => {
    const { client, hub, settle } = world();
    const { id } = await hub.publish('news', '1');
    await hub.publish('news', '2');
    await settle();
    for (const options of [{ lastEventId: id }, { wishes }]) {
      const { connection, transport } = client(options);
      connection.subscribe('news');
      await settle();
      expect(connection.isLive).toBe(true);
      expect(transport.comments).not.toContain('live');
    }
  });
});
