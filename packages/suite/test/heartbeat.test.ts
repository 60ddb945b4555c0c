/**
 * Group C, time: C12 and C13 (heartbeats), C16 (age), with a fake clock and real sockets. Nothing here waits for real time: that
 * something did not come is seen by what comes next.
 */
import type { Connection } from '@headwater/core';
import { type FakeClock, fakeClock } from '@headwater/testing';
import { expect, it } from 'vitest';
import type { Handler } from './kit/app.js';
import { HTTP2_LEGS, LEGS } from './kit/legs.js';
import { onEach } from './kit/on-each.js';
import { type Request, type ServeOptions, serve } from './kit/served.js';
import { gate, turns, until } from './kit/wait.js';

const PRELUDE = 'retry: 2000\n:\n';
const opens: Handler = (connection) => void connection.open();

onEach(LEGS, (leg) => {
  /** One stream on a server with a clock that stands still. */
  const start = async (handler: Handler, hub: object = {}, request: Request = {}) => {
    const clock: FakeClock = fakeClock({ autoTurns: true, now: 1_000_000 });
    const server = await serve(leg, { hub: { clock, ...hub } } as ServeOptions);
    const stream = await server.open(handler, request);
    await stream.when(({ text }) => text.startsWith(PRELUDE));
    const [connection] = server.record.opens as [Connection];
    let markers = 0;
    /** Everything behind the prelude, each `|` a marker that was sent by this function. */
    const soFar = async () => {
      markers++;
      await connection.send({ comment: 'marker' });
      await stream.when(({ text }) => text.split(': marker\n').length > markers);
      return stream.text.slice(PRELUDE.length).replaceAll(': marker\n', '|');
    };
    /** Lets time pass, with turns between the ticks in which sockets can take what was written. */
    const pass = async (ms: number) => {
      for (let left = ms; left > 0; left -= 1_000) {
        clock.advance(Math.min(left, 1_000));
        await until(() => connection.pendingBytes === 0);
      }
    };
    return { clock, server, stream, connection, soFar, pass };
  };

  it('C12 an idle stream gets a comment without a blank line after each interval, and nothing else', async () => {
    const { stream, soFar, pass } = await start(opens);
    await pass(14_999);
    expect(await soFar()).toBe('|');
    // The marker counts as traffic: the next one is due 15 s after it, at the first tick of the hub.
    await pass(14_000);
    expect(await soFar()).toBe('||');
    await pass(15_001);
    expect(await soFar()).toBe('||:\n|');
    await pass(45_000);
    expect(await soFar()).toBe('||:\n|:\n:\n:\n|');
    expect(stream.events).toEqual([]);
  });

  it('C12 a busy stream gets none', async () => {
    const { connection, soFar, pass } = await start(opens);
    for (let n = 0; n < 5; n++) {
      await pass(10_000);
      await connection.send({ data: n });
    }
    expect(await soFar()).toBe('data: 0\n\ndata: 1\n\ndata: 2\n\ndata: 3\n\ndata: 4\n\n|');
  });

  it('C12 heartbeatMs sets the interval, and false switches it off', async () => {
    const fast = await start(opens, { heartbeatMs: 2_000 });
    await fast.pass(4_000);
    expect(await fast.soFar()).toBe(':\n:\n|');
    const off = await start(opens, { heartbeatMs: false });
    await off.pass(60_000);
    expect(await off.soFar()).toBe('|');
  });

  it('C12 a client may ask for an interval of its own within bounds, and for events instead of comments', async () => {
    const asked = await start(opens, {}, { query: 'heartbeat=30' });
    await asked.pass(30_000);
    expect(await asked.soFar()).toBe(':\n|');
    const greedy = await start(opens, {}, { query: 'heartbeat=0.001' });
    await greedy.pass(10_000);
    expect(await greedy.soFar()).toBe(':\n:\n|');
    const events = await start((connection) => connection.subscribe('news'), {}, { query: 'heartbeat=event' });
    const { id } = await events.stream.until('sse.open');
    await events.pass(15_000);
    expect(await events.stream.next()).toMatchObject({ event: 'sse.ping', data: '{"time":1015000}', id });
  });

  it('C13 no heartbeat comes while a message waits for the client, nor within one', async () => {
    const clock = fakeClock({ autoTurns: true });
    const server = await serve(leg, { hub: { clock, stallMs: false } });
    const client = await server.pause(opens);
    const [connection] = server.record.opens as [Connection];
    let sent = 0;
    for (; connection.pendingBytes < 65_536; sent++) {
      void connection.send({ data: `${sent} ${'x'.repeat(50_000)}` });
      await turns(1);
    }
    await turns();
    const pending = connection.pendingBytes;
    clock.advance(600_000);
    expect(connection.pendingBytes).toBe(pending);
    const events = await client.resume();
    await events.when(({ events: { length } }) => length === sent);
    await until(() => connection.pendingBytes === 0);
    clock.advance(15_000);
    await events.when(({ comments }) => comments.length === 2);
    expect(events.events.every(({ data }, n) => data === `${n} ${'x'.repeat(50_000)}`)).toBe(true);
  });

  it('C13 no heartbeat comes before the headers, nor in an answer that is no stream', async () => {
    const clock = fakeClock({ autoTurns: true });
    const server = await serve(leg, { hub: { clock } });
    const seen = gate();
    const answer = gate();
    const opening = server.open(async (connection, context) => {
      expect(connection.isOpen).toBe(false);
      seen.open();
      await answer.opened;
      return context.answer(200, { plain: true });
    });
    await seen.opened;
    clock.advance(60_000);
    answer.open();
    const plain = await opening;
    await plain.closed;
    expect(plain.text).toBe('{"plain":true}');
  });

  it('C16 a stream that reaches its age ends with a retry, and its client resumes', async () => {
    const hub = { maxAgeMs: 60_000, random: () => 0.5 };
    const { clock, server, stream, pass } = await start((connection) => connection.subscribe('news'), hub);
    await stream.until('sse.open');
    await pass(53_000);
    await server.hub.publish('news', 'seen');
    await stream.until(({ data }) => data === 'seen');
    clock.advance(1_001);
    expect(await stream.closed).toEqual({ reason: 'end' });
    expect(stream.text.split('retry: 2000\n')).toHaveLength(3);
    expect(server.record.closes).toMatchObject([{ reason: 'age' }]);
    await server.hub.publish('news', 'missed');
    const again = await server.open((connection) => connection.subscribe('news'), { lastEventId: stream.lastEventId });
    expect(await again.take(2)).toMatchObject([{ event: 'sse.open' }, { data: 'missed' }]);
    for (let second = 0; second < 56; second++) {
      clock.advance(1_000);
      await turns(2);
    }
    expect(await again.closed).toEqual({ reason: 'end' });
  });
});

onEach(HTTP2_LEGS.slice(0, 1), (leg) => {
  it('C12 a thousand streams share one timer, which ends with the last of them', async () => {
    const clock = fakeClock({ autoTurns: true });
    const server = await serve(leg, { hub: { clock } });
    const path = server.route(opens);
    const before = clock.timers;
    const streams = await Promise.all(Array.from({ length: 1_000 }, () => server.open(path)));
    await until(() => server.hub.connections.size === 1_000);
    await until(() => [...server.hub.connections].every(({ pendingBytes }) => pendingBytes === 0));
    expect(clock.timers).toBe(before + 1);
    clock.advance(15_000);
    await Promise.all(streams.map((stream) => stream.when(({ comments }) => comments.length === 2)));
    server.http2.close();
    await until(() => server.hub.connections.size === 0);
    clock.advance(1_000);
    expect(clock.timers).toBe(before);
  });
});
