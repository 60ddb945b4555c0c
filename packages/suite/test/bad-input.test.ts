/**
 * Wrong input. Whatever an application gets wrong throws at once, with a type; whatever a client sends ends in a stream, a reset or
 * a 4xx, never in a 5xx or in an error of the server's. Wrong messages: `REFUSED` in kit/vectors.ts; headers: B5 in start.test.ts.
 */
import { createHub, type HubOptions, memoryStore, type SubscribeOptions } from '@headwater/core';
import { openStream } from '@headwater/core/node';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Handler } from './kit/app.js';
import { LEGS } from './kit/legs.js';
import { onEach } from './kit/on-each.js';
import { share } from './kit/served.js';

const NOT_CHANNELS: readonly unknown[] = [
  '',
  ' ',
  'a b',
  'a,b',
  'ä',
  'a\n',
  'a\u0000',
  'x'.repeat(201),
  7,
  null,
  undefined,
  {},
  Symbol('a'),
];

describe('createHub', () => {
  const wrong: readonly (readonly [object, typeof TypeError | typeof RangeError])[] = [
    [{ heartbeat: 1 }, TypeError],
    [{ store: 'memory' }, TypeError],
    [{ serializer: {} }, TypeError],
    [{ observers: 1 }, TypeError],
    [{ snapshot: {} }, TypeError],
    [{ replay: 'yes' }, TypeError],
    [{ clock: 1 }, TypeError],
    [{ random: 0.5 }, TypeError],
    [{ retryMs: 249 }, RangeError],
    [{ retryMs: false }, TypeError],
    [{ retryMs: '1000' }, TypeError],
    [{ heartbeatMs: 99 }, RangeError],
    [{ heartbeatMs: true }, TypeError],
    [{ heartbeatMs: Number.NaN }, RangeError],
    [{ heartbeatBoundsMs: [2_000, 1_000] }, RangeError],
    [{ heartbeatBoundsMs: 1_000 }, TypeError],
    [{ heartbeatBoundsMs: [1_000] }, TypeError],
    [{ maxConnections: 0 }, RangeError],
    [{ maxConnections: null }, TypeError],
    [{ maxConnectionsPerClient: 1.5 }, RangeError],
    [{ maxChannels: 0 }, RangeError],
    [{ maxChannels: false }, TypeError],
    [{ maxAgeMs: 999 }, RangeError],
    [{ maxEventBytes: 0 }, RangeError],
    [{ maxPendingBytes: 1 }, RangeError],
    [{ maxEventBytes: 2 ** 21 }, RangeError],
    [{ stallMs: -1 }, RangeError],
    [{ ringEvents: 0 }, RangeError],
    [{ ringBytes: 1 }, RangeError],
    [{ headCheckMs: 1 }, RangeError],
    [{ callbackTimeoutMs: 0 }, RangeError],
    [{ refusalRetrySeconds: [0, 1] }, RangeError],
    [{ refusalRetrySeconds: [5, 1] }, RangeError],
  ];

  it.each(wrong)('refuses %j', (options, error) => {
    expect(() => createHub(options as HubOptions)).toThrow(error);
  });

  it.each([
    [{ retention: { count: -1 } }, RangeError],
    [{ retention: { bytes: '1' } }, TypeError],
    [{ retention: 7 }, TypeError],
    [{ keyTtlMs: false }, TypeError],
    [{ maxTotalBytes: 1.5 }, RangeError],
  ] as const)('memoryStore refuses %j', (options, error) => {
    expect(() => memoryStore(options as never)).toThrow(error);
  });
});

describe('A hub', () => {
  const hub = createHub({ observers: [{ error: () => {} }] });

  it('refuses names that are no channels, wherever they are given', () => {
    for (const name of NOT_CHANNELS) {
      expect(() => hub.publish(name as string, 'x')).toThrow(TypeError);
      expect(() => hub.channel(name as string)).toThrow(TypeError);
      expect(() => hub.saveSnapshot(name as string, 1, { at: 'a.1' })).toThrow(TypeError);
    }
  });

  it.each([
    ['an id', { id: 'a', data: 'x' }, {}],
    ['no data', { comment: 'x' }, {}],
    ['an event of the protocol', { event: 'sse.open', data: 'x' }, {}],
    ['an empty key', 'x', { key: '' }],
    ['a long key', 'x', { key: 'k'.repeat(201) }],
    ['a number as a key', 'x', { key: 7 }],
  ])('refuses to publish with %s', (_name, message, options) => {
    expect(() => hub.publish('news', message as never, options as never)).toThrow(TypeError);
  });

  it.each(['', 'nonsense', 'a.01', 'A.1', '../x', `a.${'z'.repeat(12)}`, 7, undefined])(
    'refuses a snapshot at %j',
    (at) => {
      expect(() => hub.saveSnapshot('news', 1, { at: at as string })).toThrow(TypeError);
    },
  );

  it('refuses other snapshots and windows', async () => {
    expect(() => hub.saveSnapshot('news', 1n, { at: 'a.1' })).toThrow(
      expect.objectContaining({ code: 'ERR_SSE_SERIALIZE' }),
    );
    expect(() => hub.saveSnapshot('news', undefined, { at: 'a.1' })).toThrow(
      expect.objectContaining({ code: 'ERR_SSE_SERIALIZE' }),
    );
    await expect(hub.saveSnapshot('news', 1, { at: 'a.1' })).rejects.toMatchObject({ code: 'ERR_SSE_POSITION' });
    expect(() => hub.channel('news', { snapshot: 1 as never })).toThrow(TypeError);
    expect(() => hub.drain({ windowMs: -1 })).toThrow(RangeError);
    expect(() => hub.drain({ windowMs: Number.NaN })).toThrow(RangeError);
    await expect(hub.sync({ channels: [] })).rejects.toThrow(TypeError);
    await expect(hub.sync({ channels: ['a b'] })).rejects.toThrow(TypeError);
  });
});

const SUBSCRIBE: readonly (readonly [string, unknown, object])[] = [
  ['no channel', [], {}],
  ...NOT_CHANNELS.map((name) => [`the channel ${String(name).slice(0, 20)}`, name, {}] as const),
  ['more than maxChannels', Array.from({ length: 101 }, (_, n) => `c${n}`), {}],
  ['from: a number', 'news', { from: 7 }],
  ['a filter that is no function', 'news', { filter: 'x' }],
  ['another onLag', 'news', { onLag: 'wait' }],
  ['another onReset', 'news', { onReset: 'never' }],
  ['control: a string', 'news', { control: 'no' }],
  ["control: false and onReset: 'snapshot'", 'news', { control: false, onReset: 'snapshot' }],
];

onEach(LEGS, (leg) => {
  const server = share(leg);

  it('refuses wrong subscriptions at once, and the stream is as before', async () => {
    const stream = await server().open(async (connection) => {
      connection.open();
      for (const [, channels, options] of SUBSCRIBE) {
        expect(() => connection.subscribe(channels as string, options as SubscribeOptions)).toThrow(/./);
      }
      await connection.subscribe('news');
    });
    const open = await stream.next();
    expect(open.json()).toMatchObject({ resume: 'fresh', channels: ['news'] });
    await stream.close();
  });

  it.each(SUBSCRIBE)(
    'answers a subscription that is wrong (%s) as any error of the application, with nothing opened',
    async (_name, channels, options) => {
      const { opens } = server().record;
      const before = opens.length;
      const stream = await server().open((connection) =>
        connection.subscribe(channels as string, options as SubscribeOptions),
      );
      await stream.closed;
      expect(stream.status).toBe(500);
      expect(JSON.parse(stream.text)).toMatchObject({ handledBy: 'the application' });
      expect(opens).toHaveLength(before);
    },
  );

  // Each leg has a seed of its own, so that together they try ten times as much.
  describe('from a client', () => {
    const follows: Handler = (connection) => connection.subscribe(['a', 'b']);
    const asks: Handler = (connection, { request, url }) =>
      openStream(connection, request, url, { authorize: () => true });

    /** What HTTP lets through in a header, and what is close to an id. */
    const visible = fc.integer({ min: 0x21, max: 0xff }).filter((code) => code !== 0x7f);
    const latin = fc.array(visible, { minLength: 1, maxLength: 300 }).map((codes) => String.fromCharCode(...codes));
    const nearly = fc
      .tuple(fc.stringMatching(/^[0-9a-z]{0,12}$/), fc.constantFrom('.', '', '..', '-', ','))
      .chain(([epoch, dot]) =>
        fc
          .oneof(fc.stringMatching(/^[0-9a-z]{0,14}$/), fc.integer().map(String), fc.constant('0'))
          .map((seq) => `${epoch}${dot}${seq}`),
      );
    const hostileId = fc.oneof(
      latin,
      nearly,
      latin.map((text) => text.repeat(20)),
    );
    const token = fc.oneof(
      fc.constantFrom(
        'lastEventId',
        'last_event_id',
        'channel',
        'channels',
        'heartbeat',
        'prev',
        'refusal',
        'limit',
        'after',
      ),
      fc.stringMatching(/^[!$-;=?-~]{0,40}$/),
      fc.constantFrom(
        '%',
        '%0',
        '%zz',
        '%00',
        '%0d%0a',
        '%ff%fe',
        '%F0%9F%98%80',
        '__proto__',
        'constructor',
        '30,event',
        'status',
        '1e999',
        '-1',
      ),
    );
    const hostileQuery = fc
      .array(fc.tuple(token, fc.constantFrom('=', '&', '?', '', ',', '==')), { maxLength: 12 })
      .map((parts) => parts.flat().join(''));

    it('any Last-Event-ID is a stream: resumed, or with a reset', async () => {
      const path = server().route(follows);
      const { errors } = server().record;
      await fc.assert(
        fc.asyncProperty(hostileId, async (lastEventId) => {
          const stream = await server().open(path, {
            headers: lastEventId === '' ? {} : { 'last-event-id': lastEventId },
          });
          expect(stream.status).toBe(200);
          const open = (await stream.until('sse.open')).json<{ resume: string }>();
          if (lastEventId.trim() === '') expect(open.resume).toBe('fresh');
          else expect(open.resume).toBe('reset');
          if (open.resume === 'reset') await stream.until('sse.live');
          await stream.close();
        }),
        { seed: LEGS.indexOf(leg), numRuns: 20 },
      );
      expect(errors).toEqual([]);
    });

    it('any query is a stream or a 400', async () => {
      const path = server().route(asks);
      const { errors } = server().record;
      await fc.assert(
        fc.asyncProperty(hostileQuery, async (query) => {
          const stream = await server().open(path, { query: query.replaceAll('#', '%23') });
          expect([200, 400]).toContain(stream.status);
          if (stream.status === 200) await stream.until('sse.open');
          else
            expect(await stream.closed.then(() => JSON.parse(stream.text))).toMatchObject({
              code: 'ERR_SSE_BAD_REQUEST',
            });
          await stream.close();
        }),
        { seed: 100 + LEGS.indexOf(leg), numRuns: 20 },
      );
      expect(errors).toEqual([]);
    });
  });
});
