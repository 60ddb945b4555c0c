import { describe, expect, test } from 'vitest';
import type { Denial } from '../src/index.js';
import { world } from './helpers.js';

describe('origins', () => {
  test('that are not on the list are refused with 403 before anything is sent, and the denial is told', () => {
    const denials: Denial[] = [];
    const { client } = world({
      origins: ['https://app.example'],
      observers: [{ denied: (denial) => denials.push(denial) }],
    });
    const evil = client({ origin: 'https://evil.example', request: { url: '/news' } });
    expect(() => evil.connection.subscribe('news')).toThrow(
      expect.objectContaining({ code: 'ERR_SSE_ORIGIN', statusCode: 403 }),
    );
    expect(() => evil.connection.send('x')).toThrow('https://evil.example');
    expect(evil.transport.init).toBeUndefined();
    expect(denials[0]).toMatchObject({ why: 'origin', connection: evil.connection, request: { url: '/news' } });
  });

  test('on the list may open streams, and so may requests without one', async () => {
    const { client, settle } = world({ origins: ['https://app.example'] });
    for (const origin of ['https://app.example', undefined]) {
      const { connection } = client(origin ? { origin } : {});
      const subscribed = connection.subscribe('news');
      await settle();
      expect((await subscribed).resume).toBe('fresh');
    }
  });

  test.each([[['app.example']], [['https://app.example/']], [[5]], ['https://app.example'], [['*']]])(
    'refuse %j as a list',
    (origins) => {
      expect(() => world({ origins: origins as never })).toThrow(TypeError);
    },
  );
});

describe('maxConnectsPerSecond', () => {
  test('lets as many in at once and as many a second, and tells the rest to wait', async () => {
    const { clock, client } = world({ maxConnectsPerSecond: 3 });
    const open = () => {
      const { connection, control } = client();
      connection.open();
      return connection.isOpen ? 'open' : control().join();
    };
    expect([open(), open(), open(), open()]).toEqual(['open', 'open', 'open', 'busy']);
    clock.advance(400);
    expect([open(), open()]).toEqual(['open', 'busy']);
    clock.advance(10_000);
    expect([open(), open(), open(), open()]).toEqual(['open', 'open', 'open', 'busy']);
  });

  test('counts nobody against the limit of a client who was not let in', () => {
    const { clock, client } = world({ maxConnectsPerSecond: 1, maxConnectionsPerClient: 2 });
    const open = () => {
      const { connection } = client({ clientKey: 'one' });
      connection.open();
      return connection.isOpen;
    };
    expect([open(), open(), open()]).toEqual([true, false, false]);
    clock.advance(1_000);
    expect(open()).toBe(true);
    clock.advance(1_000);
    expect(open()).toBe(false);
  });
});

describe('a permission that ends', () => {
  const expiring = async (renew: (() => Promise<object | undefined>) | undefined) => {
    const errors: unknown[] = [];
    const made = world({ observers: [{ error: (error) => errors.push(error) }] });
    const { connection, control, data, transport } = made.client();
    connection.principal = 'ann';
    connection.expiresAt = 1_060_000;
    connection.renew = renew as never;
    connection.subscribe('news');
    await made.settle();
    return { ...made, connection, control, data, transport, errors };
  };

  test('is asked for again before that, and goes on without a word where it is given', async () => {
    let asked = 0;
    const { connection, control, pass } = await expiring(async () => {
      asked++;
      return { principal: 'ann', expiresAt: asked === 1 ? 1_120_000 : undefined };
    });
    await pass(200_000);
    expect(asked).toBe(2);
    expect(connection.isOpen).toBe(true);
    expect(connection.expiresAt).toBeUndefined();
    expect(control()).toEqual(['open']);
  });

  test.each<[string, () => Promise<object | undefined>]>([
    ['is not given again', async () => undefined],
    ['is given to somebody else', async () => ({ principal: 'bob', expiresAt: 1_120_000 })],
    ['is given until the same time', async () => ({ principal: 'ann', expiresAt: 1_060_000 })],
    ['cannot be asked for', () => Promise.reject(new Error('directory down'))],
    ['is asked for in vain', () => new Promise(() => {})],
  ])('is announced and ends the connection where it %s', async (_, renew) => {
    const { connection, control, pass } = await expiring(renew);
    await pass(45_000);
    expect(control()).toEqual(['open', 'expiring']);
    await pass(20_000);
    expect(await connection.closed).toMatchObject({ reason: 'expired' });
  });

  test('lets nothing through from the very moment of its end, also between two ticks', async () => {
    const { clock, connection, hub, settle, data, transport } = await expiring(undefined);
    clock.advance(59_900);
    await settle();
    await hub.publish('news', 'just in time');
    await settle();
    clock.advance(100);
    connection.expiresAt = clock.now();
    await hub.publish('news', 'too late');
    await settle();
    expect(data()).toEqual(['just in time']);
    expect(transport.text).not.toContain('too late');
    expect(await connection.closed).toMatchObject({ reason: 'expired' });
  });

  test('is over where its end is no time at all', async () => {
    const { connection, pass } = await expiring(undefined);
    connection.expiresAt = Number.NaN;
    await pass(2_000);
    expect(await connection.closed).toMatchObject({ reason: 'expired' });
  });

  test('is neither shortened by hub.extend, nor given an end where it had none', async () => {
    const { connection, hub } = await expiring(undefined);
    await hub.extend({ principal: 'ann' }, 1_050_000);
    expect(connection.expiresAt).toBe(1_060_000);
    connection.expiresAt = undefined;
    await hub.extend({ principal: 'ann' }, 1_050_000);
    expect(connection.expiresAt).toBeUndefined();
  });

  test('is extended in place by hub.extend, for those who are meant', async () => {
    const { connection, control, hub, pass, client } = await expiring(undefined);
    const other = client();
    other.connection.principal = 'bob';
    other.connection.expiresAt = 1_060_000;
    other.connection.subscribe('news');
    await pass(45_000);
    expect(control()).toEqual(['open', 'expiring']);
    await hub.extend({ principal: 'ann' }, 1_300_000);
    await pass(60_000);
    expect(connection.isOpen).toBe(true);
    expect(await other.connection.closed).toMatchObject({ reason: 'expired' });
    expect(() => hub.extend({}, 1)).toThrow(TypeError);
    expect(() => hub.extend({ principal: 'ann' }, Number.NaN)).toThrow(RangeError);
  });
});

describe('hub.shed', () => {
  test('ends a share of the streams over the window, each with an id and a retry, and goes on serving', async () => {
    const { client, hub, pass, settle } = world({ random: seeded() });
    const clients = Array.from({ length: 40 }, () => client());
    for (const { connection } of clients) connection.subscribe('news');
    await settle();
    const shed = hub.shed({ share: 0.25, windowMs: 2_000 });
    await pass(1_000, 100);
    const half = hub.connections.size;
    expect(half).toBeGreaterThan(30);
    expect(half).toBeLessThan(40);
    await pass(2_000, 100);
    expect(await shed).toBe(10);
    expect(hub.connections.size).toBe(30);
    for (const { connection, transport, control } of clients) {
      if (connection.isOpen) continue;
      expect(await connection.closed).toMatchObject({ reason: 'server' });
      expect(transport.retry).toBeGreaterThanOrEqual(1_000);
      expect(control()).toEqual(['open', 'ping']);
    }
    expect(hub.health().ready).toBe(true);
    const back = client();
    back.connection.subscribe('news');
    await settle();
    expect(back.connection.isOpen).toBe(true);
  });

  test.each([-0.1, 1.1, Number.NaN])('refuses a share of %d', (share) => {
    const { hub } = world();
    expect(() => hub.shed({ share })).toThrow(RangeError);
  });
});

describe('hub.drain', () => {
  test('sends nobody away in a crowd: each tenth of the window has its share, and not one more', async () => {
    const { client, clock, hub, settle, pass } = world({ random: seeded() });
    const ends: number[] = [];
    for (let i = 0; i < 200; i++) {
      const { connection } = client();
      connection.subscribe('news');
      void connection.closed.then(() => ends.push(clock.elapsed()));
    }
    await settle();
    const begun = clock.elapsed();
    const drained = hub.drain({ windowMs: 20_000 });
    await pass(21_000, 100);
    await drained;
    const tenths = Array.from({ length: 10 }, (_, n) => {
      const from = begun + n * 2_000;
      return ends.filter((at) => at > from && at <= from + 2_000).length;
    });
    expect(ends).toHaveLength(200);
    for (const count of tenths) expect(Math.abs(count - 20)).toBeLessThanOrEqual(2);
  });

  test('is not ready at once, and still lets clients in during its delay', async () => {
    const { client, hub, pass, settle } = world();
    await settle();
    const drained = hub.drain({ windowMs: 0, delayMs: 3_000 });
    expect(hub.health()).toMatchObject({ live: true, ready: false, detail: 'draining' });
    const early = client();
    early.connection.subscribe('news');
    await pass(2_000);
    expect(early.connection.isOpen).toBe(true);
    await pass(2_000);
    await drained;
    expect(await early.connection.closed).toMatchObject({ reason: 'shutdown' });
    const late = client();
    late.connection.open();
    expect(late.control()).toEqual(['busy']);
  });
});

function seeded(): () => number {
  let state = 7;
  return () => {
    state = (state * 48_271) % 2_147_483_647;
    return state / 2_147_483_647;
  };
}
