import { fakeClock } from '@headwater/testing';
import { describe, expect, test } from 'vitest';
import { hasCode, memoryStore, type SubscribeOptions } from '../src/index.js';
import { changed, world } from './helpers.js';

const DAY = 24 * 3_600_000;

/** A hub whose history outlives the cursors, and a client without an id of its own. */
function cursorWorld() {
  const clock = fakeClock({ now: 1_000_000 });
  const store = memoryStore({ clock, retention: { ageMs: false } });
  const made = world({ store, clock });
  const visit = async (
    options: SubscribeOptions & { principal?: string; lastEventId?: string; channels?: string[] } = {},
  ) => {
    const { principal, lastEventId, channels = ['news'], ...rest } = options;
    const visitor = made.client({ ...(lastEventId ? { lastEventId } : {}) });
    visitor.connection.principal = principal;
    const subscribed = visitor.connection.subscribe(channels, { clientId: 'phone', ...rest });
    await made.settle();
    return { ...visitor, ...(await subscribed) };
  };
  const publish = async (count: number, from = 1) => {
    const ids: string[] = [];
    for (let n = from; n < from + count; n++) ids.push((await made.hub.publish('news', String(n))).id);
    return ids as [string, ...string[]];
  };
  return { ...made, clock, store, visit, publish };
}

describe('a client with a clientId', () => {
  test('resumes after what it has acknowledged, though it comes without an id', async () => {
    const { hub, publish, visit } = cursorWorld();
    const [, second] = await publish(4);
    await hub.ack({ clientId: 'phone', channels: ['news'], id: second as string });
    const back = await visit();
    expect(back.resume).toBe('resumed');
    expect(back.data()).toEqual(['3', '4']);
  });

  test('is not moved by what was only sent to it', async () => {
    const { publish, visit } = cursorWorld();
    const first = await visit();
    expect(first.resume).toBe('fresh');
    await publish(2);
    first.transport.cut();
    expect((await visit()).resume).toBe('fresh');
  });

  test('is moved by the Last-Event-ID that it sends', async () => {
    const { publish, visit } = cursorWorld();
    const [first] = await publish(3);
    (await visit({ lastEventId: first })).transport.cut();
    expect((await visit()).data()).toEqual(['2', '3']);
  });

  test('goes by its own Last-Event-ID where it has one, and by `from` only where nothing is known', async () => {
    const { hub, publish, visit } = cursorWorld();
    const [first, second] = await publish(3);
    expect((await visit({ from: 'earliest' })).data()).toEqual(['1', '2', '3']);
    await hub.ack({ clientId: 'phone', channels: ['news'], id: second as string });
    expect((await visit({ from: 'earliest' })).data()).toEqual(['3']);
    expect((await visit({ lastEventId: first })).data()).toEqual(['2', '3']);
  });

  test('never goes back: an older ack changes nothing', async () => {
    const { hub, publish, visit } = cursorWorld();
    const [first, second] = await publish(3);
    await hub.ack({ clientId: 'phone', channels: ['news'], id: second as string });
    await hub.ack({ clientId: 'phone', channels: ['news'], id: first });
    expect((await visit()).data()).toEqual(['3']);
  });

  test('is known by its principal and its set of channels as well', async () => {
    const { hub, publish, visit } = cursorWorld();
    const [first] = await publish(2);
    await hub.ack({ clientId: 'phone', principal: 'ada', channels: ['news', 'mail'], id: first });
    expect((await visit()).resume).toBe('fresh');
    expect((await visit({ principal: 'bob', channels: ['mail', 'news'] })).resume).toBe('fresh');
    expect((await visit({ principal: 'ada', channels: ['news'] })).resume).toBe('fresh');
    expect((await visit({ principal: 'ada', channels: ['mail', 'news'] })).data()).toEqual(['2']);
  });

  test('is remembered for 7 days, not longer', async () => {
    const { clock, hub, publish, visit } = cursorWorld();
    const [first] = await publish(2);
    await hub.ack({ clientId: 'phone', channels: ['news'], id: first });
    clock.advance(7 * DAY - 3_600_000);
    expect((await visit()).data()).toEqual(['2']);
    clock.advance(3_660_000);
    expect((await visit()).resume).toBe('fresh');
  });

  test('gets a reset where its place is lost, not silence', async () => {
    const { hub, publish, visit, store } = cursorWorld();
    const [first] = await publish(1);
    await hub.ack({ clientId: 'phone', channels: ['news'], id: first });
    const kept = { at: { epoch: 'lost', seq: 1 }, time: 1_000_000 };
    const other = changed(store, { loadCursor: async () => kept });
    const { client, settle } = world({ store: other });
    const { connection, control } = client();
    connection.subscribe('news', { clientId: 'phone' });
    await settle();
    expect(control()).toEqual(['open', 'reset', 'live']);
    expect((await visit()).resume).toBe('resumed');
  });

  test('is served anew, retryably, where its cursor cannot be read: a fresh start would be a silent hole', async () => {
    const store = memoryStore();
    const broken = changed(store, { loadCursor: () => Promise.reject(new Error('disk')) });
    const errors: unknown[] = [];
    const { client, settle } = world({ store: broken, observers: [{ error: (error) => errors.push(error) }] });
    const { connection } = client();
    const subscribed = connection.subscribe('news', { clientId: 'phone' });
    await settle();
    await expect(subscribed).rejects.toThrow('disk');
    expect(await connection.closed).toMatchObject({ reason: 'error' });
    expect(errors).toHaveLength(1);
  });
});

describe('hub.ack', () => {
  test.each(['nonsense', '', 'zz.1', '../x', '1'.repeat(300)])(
    'refuses %j with ERR_SSE_POSITION and 409',
    async (id) => {
      const { hub, publish } = cursorWorld();
      await publish(1);
      const refused = await hub.ack({ clientId: 'phone', channels: ['news'], id }).catch((error: unknown) => error);
      expect(hasCode(refused, 'ERR_SSE_POSITION')).toBe(true);
      expect(refused).toMatchObject({ statusCode: 409 });
    },
  );

  test('refuses an id that is ahead of the log', async () => {
    const { hub, publish } = cursorWorld();
    const [id] = await publish(1);
    const ahead = `${id.split('.')[0]}.zzzz`;
    await expect(hub.ack({ clientId: 'phone', channels: ['news'], id: ahead })).rejects.toThrow('not part of the log');
  });

  test.each([
    [{ clientId: '', channels: ['news'] }],
    [{ clientId: 'with space', channels: ['news'] }],
    [{ clientId: 'x'.repeat(129), channels: ['news'] }],
    [{ clientId: 'phone', channels: [] }],
    [{ clientId: 'phone', channels: ['no good'] }],
  ])('refuses %j', async (wrong) => {
    const { hub, publish } = cursorWorld();
    const [id] = await publish(1);
    await expect(hub.ack({ ...wrong, id })).rejects.toThrow(TypeError);
  });

  test('and subscribe need a store that keeps cursors', async () => {
    const store = memoryStore();
    const without = changed(store, { supports: { ...store.supports, cursors: false } });
    const { client, hub } = world({ store: without });
    const { connection } = client();
    expect(() => connection.subscribe('news', { clientId: 'phone' })).toThrow('supports.cursors');
    await expect(hub.ack({ clientId: 'phone', channels: ['news'], id: 'a.1' })).rejects.toThrow('supports.cursors');
  });
});
