/** D5: history that is gone is never a silent hole. Each reason, each policy, and a cut after every single frame of a repair. */
import { createHub, memoryStore, type Policy } from '@headwater/core';
import { expect, it } from 'vitest';
import type { Handler } from './kit/app.js';
import { LEGS, type Leg } from './kit/legs.js';
import { onEach } from './kit/on-each.js';
import { type Served, serve } from './kit/served.js';

/** A server that keeps three entries of each channel, and has had ten of `a` (1 to 10), then two of `b` (11, 12). */
const start = async (leg: Leg, options: object = {}) => {
  const store = memoryStore({ retention: { count: 3 } });
  const hub = createHub({ store, ringEvents: 1, ...options });
  const server = await serve(leg, { hub });
  const ids: string[] = [''];
  const publish = async (channel: string, data: unknown) => void ids.push((await hub.publish(channel, { data })).id);
  for (let n = 1; n <= 10; n++) await publish('a', n);
  for (let n = 11; n <= 12; n++) await publish('b', n);
  return { server, hub, publish, id: (n: number) => ids[n] as string };
};

type Seen = readonly [event: string, data: unknown, id: string];

/** Event, data and id of everything up to and including the first frame that satisfies `last`. */
const read = async (
  server: Served,
  path: string,
  lastEventId: string,
  last: (seen: Seen) => boolean,
): Promise<Seen[]> => {
  const stream = await server.open(path, { lastEventId });
  await stream.until(({ event, data, id }) => last([event, data, id]));
  await stream.close();
  const all = stream.events.map(
    ({ event, data, id }): Seen => [event, event === 'sse.open' ? '' : JSON.parse(data), id],
  );
  return all.slice(0, all.findIndex(([event, , id]) => last([event, '', id])) + 1 || all.length);
};

const follows =
  (channels: string[], onReset?: Policy): Handler =>
  (connection) =>
    connection.subscribe(channels, onReset ? { onReset } : {});

const isLive = ([event, , id]: Seen) => event === 'sse.live' || (event === 'sse.snapshot' && id !== '');

onEach(LEGS, (leg) => {
  it.each([
    ['malformed', () => 'nonsense'],
    ['epoch', (id: string) => `zzzz.${id.split('.')[1]}`],
    [
      'rollback',
      (id: string) => `${id.split('.')[0]}.${(Number.parseInt(id.split('.')[1] as string, 36) + 500).toString(36)}`,
    ],
    ['trimmed', (_id: string, first: string) => first],
  ])('D5 an id that is lost (%s) is announced with that reason, and what is retained follows', async (reason, lost) => {
    const { server, id } = await start(leg);
    const path = server.route(follows(['a']));
    const seen = await read(server, path, lost(id(10), id(1)), ([, , own]) => own === id(10));
    expect(seen).toEqual([
      ['sse.open', '', ''],
      ['sse.reset', { channels: ['a'], reason }, ''],
      ['sse.live', { channels: ['a'] }, id(7)],
      ['message', 8, id(8)],
      ['message', 9, id(9)],
      ['message', 10, id(10)],
    ]);
    expect(server.record).toMatchObject({ resumes: ['reset'], resets: [reason], errors: [] });
  });

  it("D5 onReset: 'snapshot' gives the state, with the id from which it goes on", async () => {
    const { server, hub, id, publish } = await start(leg);
    hub.channel('a', { snapshot: () => ({ state: 'of a' }) });
    const path = server.route(follows(['a']));
    const stream = await server.open(path, { lastEventId: id(1) });
    const [, , snapshot] = await stream.take(3);
    expect(snapshot?.json()).toEqual({ channel: 'a', data: { state: 'of a' } });
    expect(snapshot).toMatchObject({ event: 'sse.snapshot', id: id(12) });
    await publish('a', 13);
    expect(await stream.next()).toMatchObject({ data: '13', id: id(13) });
  });

  it("D5 onReset: 'snapshot' takes one that was saved, and what came after it", async () => {
    const { server, hub, id } = await start(leg);
    await hub.saveSnapshot('a', 'saved', { at: id(8) });
    const seen = await read(server, server.route(follows(['a'])), id(1), ([, , own]) => own === id(10));
    expect(seen.slice(1)).toEqual([
      ['sse.reset', { channels: ['a'], reason: 'trimmed' }, ''],
      ['sse.snapshot', { channel: 'a', data: 'saved' }, id(8)],
      ['message', 9, id(9)],
      ['message', 10, id(10)],
    ]);
  });

  it("D5 onReset: 'live' goes on from now", async () => {
    const { server, id } = await start(leg);
    const seen = await read(server, server.route(follows(['a'], 'live')), id(1), isLive);
    expect(seen.slice(1)).toEqual([
      ['sse.reset', { channels: ['a'], reason: 'trimmed' }, ''],
      ['sse.live', { channels: ['a'] }, id(12)],
    ]);
  });

  it("D5 onReset: 'reject' answers with an error instead of a stream", async () => {
    const { server, id } = await start(leg);
    const rejected = await server.open(server.route(follows(['a'], 'reject')), { lastEventId: id(1) });
    await rejected.closed;
    expect(rejected.status).toBe(400);
    const resumed = await server.open(server.route(follows(['a'], 'reject')), { lastEventId: id(9) });
    expect(await resumed.take(2)).toMatchObject([{ event: 'sse.open' }, { data: '10' }]);
  });

  it('D5 control: false leaves every sse.* event out, and still repairs', async () => {
    const { server, id } = await start(leg);
    const path = server.route((connection) => connection.subscribe('a', { control: false, onReset: 'earliest' }));
    const stream = await server.open(path, { lastEventId: id(1) });
    expect(await stream.take(3)).toMatchObject([{ data: '8' }, { data: '9' }, { data: '10' }]);
    expect(stream.text).not.toContain('sse.');
  });

  it('D5 a channel that is followed later is live for a fresh client, and announced to one that resumed', async () => {
    const { server, id, publish } = await start(leg);
    const handler: Handler = async (connection) => {
      await connection.subscribe('a');
      await connection.subscribe('b', { onReset: 'earliest' });
    };
    const fresh = await server.open(handler);
    expect((await fresh.take(2)).map(({ event }) => event)).toEqual(['sse.open', 'sse.open']);
    const seen = await read(server, server.route(handler), id(9), ([, , own]) => own === id(12));
    expect(seen).toEqual([
      ['sse.open', '', id(9)],
      ['sse.open', '', ''],
      ['sse.reset', { channels: ['b'], reason: 'late' }, ''],
      ['sse.live', { channels: ['b'] }, id(9)],
      ['message', 10, id(10)],
      ['message', 11, id(11)],
      ['message', 12, id(12)],
    ]);
    await publish('b', 13);
    expect(await fresh.next()).toMatchObject({ data: '13' });
  });

  /** What a client has after a repair that was cut after `cut` frames, and was repeated from the id it then had. */
  const CASES: readonly { name: string; channels: string[]; from: number; snapshots: string[]; policy?: Policy }[] = [
    { name: 'one channel', channels: ['a'], from: 1, snapshots: ['a'] },
    { name: 'several channels', channels: ['a', 'b'], from: 0, snapshots: ['a', 'b'] },
    { name: 'several channels, one of them with history only', channels: ['a', 'b'], from: 0, snapshots: ['b'] },
    { name: 'one of two channels', channels: ['a', 'b'], from: 1, snapshots: ['a'] },
    { name: 'one channel, from now', channels: ['a'], from: 1, snapshots: [], policy: 'live' },
  ];

  for (const { name, channels, from, snapshots, policy } of CASES) {
    it(`D5 a cut after each frame of a repair repeats the reset, until the frame that completes it: ${name}`, async () => {
      const { server, hub, id } = await start(leg);
      for (const channel of snapshots) hub.channel(channel, { snapshot: () => `state of ${channel}` });
      const path = server.route(follows(channels, policy));
      const original = from === 0 ? 'nonsense' : id(from);
      const whole = await read(server, path, original, isLive);
      expect(whole.slice(0, -1).every(([, , own]) => own === '')).toBe(true);
      expect(whole.at(-1)?.[2]).toBe(id(12));
      for (let cut = 1; cut < whole.length; cut++) {
        const stream = await server.open(path, { lastEventId: original });
        const seen = await stream.take(cut);
        await stream.close();
        const next = seen.at(-1)?.lastEventId || original;
        expect(next).toBe(original);
        expect(await read(server, path, next, isLive)).toEqual(whole);
      }
      const after = await server.open(path, { lastEventId: whole.at(-1)?.[2] as string });
      expect((await after.next()).json()).toMatchObject({ resume: 'resumed' });
    });
  }

  it('D5 a cut within a repair by history alone goes on from the place that it had reached', async () => {
    const { server, id } = await start(leg);
    const path = server.route(follows(['a'], 'earliest'));
    const isLast = ([, , own]: Seen) => own === id(10);
    const whole = await read(server, path, id(1), isLast);
    for (let cut = 1; cut < whole.length; cut++) {
      const reached = whole.slice(0, cut).findLast(([, , own]) => own !== '')?.[2] ?? id(1);
      const rest = await read(server, path, reached, isLast);
      const messages = [...whole.slice(0, cut), ...rest].filter(([event]) => event === 'message');
      expect(messages.map(([, data]) => data)).toEqual([8, 9, 10]);
    }
  });

  it('D5 a repair by history alone shows each entry under its own id, also below the place where it is complete', async () => {
    const store = memoryStore({ retention: { count: 3 } });
    const server = await serve(leg, { hub: createHub({ store, ringEvents: 1 }) });
    const ids = [''];
    for (const channel of ['b', ...Array(9).fill('a')]) ids.push((await server.hub.publish(channel, 'x')).id);
    const path = server.route(follows(['a', 'b'], 'earliest'));
    const stream = await server.open(path, { lastEventId: 'nonsense' });
    const seen = (await stream.take(7)).map(({ event, id }) => [event, id]);
    expect(seen).toEqual([
      ['sse.open', ''],
      ['sse.reset', ''],
      ['message', ids[1]],
      ['sse.live', ids[7]],
      ['message', ids[8]],
      ['message', ids[9]],
      ['message', ids[10]],
    ]);
  });
});
