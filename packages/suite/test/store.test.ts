/** D9 and D15: a store that is slow, and one that fails and comes back. */
import { fakeClock } from '@headwater/testing';
import { expect, it } from 'vitest';
import type { Handler } from './kit/app.js';
import { LEGS } from './kit/legs.js';
import { onEach } from './kit/on-each.js';
import { serve } from './kit/served.js';
import { FragileStore, guardedStore } from './kit/stores.js';
import { type Gate, gate, turns, until } from './kit/wait.js';

const news: Handler = (connection) => connection.subscribe('news');

onEach(LEGS, (leg) => {
  it('D9 what is published while history is read comes once, and in order', async () => {
    const gates: Gate[] = [];
    let isGated = false;
    const store = guardedStore(async (method) => {
      if (method !== 'read' || !isGated) return;
      const held = gate();
      gates.push(held);
      await held.opened;
    });
    const server = await serve(leg, { hub: { store, ringEvents: 1 } });
    const publish = async (from: number, to: number) => {
      const ids: string[] = [];
      for (let n = from; n <= to; n++) ids.push((await server.hub.publish('news', { data: n })).id);
      return ids;
    };
    const [id = ''] = await publish(1, 20);
    isGated = true;
    const opening = server.open(news, { lastEventId: id });
    await until(() => gates.length === 1);
    await publish(21, 30);
    isGated = false;
    gates[0]?.open();
    const stream = await opening;
    await publish(31, 40);
    const events = await stream.take(40);
    expect(events.slice(1).map(({ data }) => Number(data))).toEqual(Array.from({ length: 39 }, (_, n) => n + 2));
    await publish(41, 41);
    expect(await stream.next()).toMatchObject({ data: '41' });
  });

  it('D9 who leaves while history is read leaves nothing behind', async () => {
    const held = gate();
    let reads = 0;
    const store = guardedStore((method) => {
      if (method !== 'read') return undefined;
      reads++;
      return held.opened;
    });
    const server = await serve(leg, { hub: { store, ringEvents: 1 } });
    const { id } = await server.hub.publish('news', 'one');
    for (let n = 0; n < 5; n++) await server.hub.publish('news', 'more');
    const stream = await server.open(news, { lastEventId: id });
    await until(() => reads > 0);
    await stream.close();
    await until(() => server.hub.connections.size === 0);
    held.open();
    await turns();
    expect(server.record).toMatchObject({ closes: [{ reason: 'client' }], resumes: [], errors: [], writes: 0 });
  });

  it('D15 a store that fails on write: publish rejects, nothing is sent, and both recover', async () => {
    const fragile = new FragileStore();
    const server = await serve(leg, { hub: { store: fragile.store } });
    const stream = await server.open(news);
    await stream.until('sse.open');
    fragile.broken.add('append');
    for (let n = 0; n < 3; n++) {
      await expect(server.hub.publish('news', `lost ${n}`)).rejects.toMatchObject({
        name: 'SseError',
        code: 'ERR_SSE_STORE',
      });
    }
    expect(stream.isOpen).toBe(true);
    fragile.broken.clear();
    await server.hub.publish('news', 'kept');
    expect(await stream.next()).toMatchObject({ data: 'kept' });
    expect(server.record.errors).toMatchObject(Array(3).fill({ source: 'publish', error: { code: 'ERR_SSE_STORE' } }));
    expect(server.hub.health()).toMatchObject({ live: true, ready: true });
  });

  it('D15 a store that fails on read: clients keep their stream, the error is reported, and the read is tried again', async () => {
    const clock = fakeClock({ autoTurns: true });
    const fragile = new FragileStore({ clock });
    const server = await serve(leg, { hub: { store: fragile.store, clock, ringEvents: 1 } });
    const { id } = await server.hub.publish('news', 'zero');
    for (let n = 1; n <= 5; n++) await server.hub.publish('news', { data: n });
    fragile.broken.add('read');
    const stream = await server.open(news, { lastEventId: id });
    await until(() => server.record.errors.length === 1);
    clock.advance(250);
    await until(() => server.record.errors.length === 2);
    expect(server.record.errors).toMatchObject(Array(2).fill({ source: 'store', error: { code: 'ERR_SSE_STORE' } }));
    expect(stream).toMatchObject({ status: 200, isOpen: true, events: [] });
    fragile.broken.clear();
    clock.advance(250);
    const events = await stream.take(6);
    expect(events.slice(1).map(({ data }) => data)).toEqual(['1', '2', '3', '4', '5']);
    expect(server.record.closes).toEqual([]);
  });

  it('D15 a store that cannot be reached at the start: streams open, the hub is not ready, and all is well once it can', async () => {
    const clock = fakeClock({ autoTurns: true });
    const fragile = new FragileStore({ clock });
    fragile.broken.add('startEpoch');
    const server = await serve(leg, { hub: { store: fragile.store, clock } });
    await until(() => server.record.errors.length === 1);
    const stream = await server.open(news);
    expect(stream.status).toBe(200);
    expect(server.hub.health()).toMatchObject({ live: true, ready: false, detail: 'store unreachable' });
    await expect(server.hub.publish('news', 'lost')).rejects.toMatchObject({ code: 'ERR_SSE_STORE', statusCode: 503 });
    fragile.broken.clear();
    clock.advance(1_000);
    expect(await stream.next()).toMatchObject({ event: 'sse.open' });
    await server.hub.publish('news', 'kept');
    expect(await stream.next()).toMatchObject({ data: 'kept' });
    expect(server.hub.health()).toMatchObject({ live: true, ready: true });
  });
});
