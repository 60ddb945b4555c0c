/**
 * Group F: clients that are slower than what they follow. Every leg, so F9 (HTTP/2 flow control, TLS) is each of these.
 *
 * | row | where |
 * |---|---|
 * | F1, F5 | "F1 F5 ..." : one paused client among others |
 * | F2 to F4, F6 to F8 | below |
 */

import type { EventEmitter } from 'node:events';
import { type Connection, createHub, type LagPolicy, memoryStore } from '@headwater/core';
import { fakeClock, seeded } from '@headwater/testing';
import { expect, it, onTestFinished } from 'vitest';
import type { Handler } from './kit/app.js';
import { LEGS } from './kit/legs.js';
import { onEach } from './kit/on-each.js';
import type { Paused } from './kit/paused.js';
import { type Served, serve } from './kit/served.js';
import { turns, until } from './kit/wait.js';

const KIB = 1024;
/** Below it a sink has room (core's ROOM_BYTES). */
const ROOM = 64 * KIB;
/** Most bytes of one flush or one page (core's MAX_BATCH_BYTES), and one event more. */
const FLUSH = 256 * KIB + 65 * KIB;

const follows =
  (onLag: LagPolicy = 'replay'): Handler =>
  (connection) =>
    connection.subscribe('news', { onLag });

/** A paused client that follows `news`, and its connection. */
const pauseOn = async (server: Served, handler: Handler): Promise<{ client: Paused; connection: Connection }> => {
  const known = new Set(server.record.opens);
  const client = await server.pause(handler);
  await until(() => server.record.opens.some((connection) => !known.has(connection)));
  const connection = server.record.opens.find((one) => !known.has(one)) as Connection;
  return { client, connection };
};

/** Publishes until the connection has no room left; returns how many. */
const fill = async (server: Served, connection: Connection, from = 0): Promise<number> => {
  for (let n = from; ; n++) {
    await server.hub.publish('news', { data: `${n} ${'x'.repeat(64_000)}` });
    await turns(2);
    if (connection.pendingBytes >= ROOM || !connection.isLive) return n + 1;
  }
};

const numberOf = ({ data }: { data: string }) => Number(data.split(' ', 1)[0]);
const upTo = (count: number) => Array.from({ length: count }, (_, n) => n);

onEach(LEGS, (leg) => {
  it('F1 F5 a paused client costs a bounded number of bytes and nobody else anything, and later gets all 400 events', async () => {
    const store = memoryStore({ retention: { bytes: false } });
    const server = await serve(leg, { hub: createHub({ store, maxPendingBytes: 1024 * KIB }) });
    const other = await server.open(follows());
    await other.until('sse.open');
    const { client, connection } = await pauseOn(server, follows());
    let most = 0;
    const look = () => {
      most = Math.max(most, connection.pendingBytes);
    };
    server.hub.observe({ flushed: look });
    for (let n = 0; n < 400; n++) {
      await server.hub.publish('news', { data: `${n} ${'x'.repeat(64 * KIB)}` });
      await turns(1);
      look();
    }
    // Who reads has everything while the other one waits.
    await other.until((event) => numberOf(event) === 399);
    expect(most).toBeGreaterThan(0);
    expect(most).toBeLessThanOrEqual(ROOM + FLUSH);
    expect(connection).toMatchObject({ isOpen: true, isLive: false });
    expect(connection.lag).toBeGreaterThan(0);
    expect(server.record.lags).toContain(connection);
    const events = await client.resume();
    const timer = setInterval(look, 1);
    onTestFinished(() => clearInterval(timer));
    await events.until((event) => numberOf(event) === 399);
    expect(events.events.slice(1).map(numberOf)).toEqual(upTo(400));
    // While it catches up it is given one page at a time, never everything that it has missed.
    expect(most).toBeLessThanOrEqual(ROOM + FLUSH);
    await until(() => connection.isLive);
    await server.hub.publish('news', { data: '400 live' });
    await events.until((event) => numberOf(event) === 400);
    expect(other.events.slice(1, 401).map(numberOf)).toEqual(upTo(400));
    expect(server.record.errors).toEqual([]);
  });

  it('F2 awaiting send waits for room, and goes on when there is some', async () => {
    const server = await serve(leg);
    let sent = 0;
    const { client, connection } = await pauseOn(server, async (own) => {
      for (; sent < 300; sent++) if (!(await own.send(`${sent} ${'x'.repeat(32_000)}`))) return;
      own.close();
    });
    await until(() => connection.pendingBytes >= ROOM);
    await turns(50);
    const before = sent;
    expect(before).toBeLessThan(300);
    expect(connection.pendingBytes).toBeLessThan(ROOM + 33_000);
    expect(connection.isOpen).toBe(true);
    const events = await client.resume();
    expect(await events.closed).toMatchObject({ reason: 'end' });
    expect(events.events.map(numberOf)).toEqual(upTo(300));
  });

  it.each(['close', 'hangUp'] as const)(
    'F3 a send that waits for room is told false at once when the connection ends (%s)',
    async (how) => {
      const server = await serve(leg);
      const results: boolean[] = [];
      const { client, connection } = await pauseOn(server, async (own) => {
        while (own.pendingBytes < ROOM) {
          void own.send('x'.repeat(32_000));
          await turns(1);
        }
        for (let n = 0; n < 3; n++) void own.send('waits').then((room) => results.push(room));
      });
      await until(() => connection.pendingBytes >= ROOM);
      await turns();
      expect(results).toEqual([]);
      if (how === 'close') {
        connection.close();
        await Promise.resolve();
        expect(results).toEqual([false, false, false]);
      } else {
        client.hangUp();
        await until(() => results.length === 3);
        expect(results).toEqual([false, false, false]);
      }
      expect(connection.isOpen).toBe(false);
    },
  );

  it("F4 onLag: 'replay' loses nothing", async () => {
    const server = await serve(leg);
    const { client, connection } = await pauseOn(server, follows('replay'));
    const count = await fill(server, connection);
    for (let n = count; n < count + 20; n++) await server.hub.publish('news', { data: `${n} more` });
    expect(server.record).toMatchObject({ lags: [connection], resets: [] });
    const events = await client.resume();
    await events.until((event) => numberOf(event) === count + 19);
    expect(events.events.slice(1).map(numberOf)).toEqual(upTo(count + 20));
  });

  it("F4 onLag: 'skip' announces what it leaves out, and goes on from now", async () => {
    const server = await serve(leg);
    const { client, connection } = await pauseOn(server, follows('skip'));
    const count = await fill(server, connection);
    for (let n = count; n < count + 20; n++) await server.hub.publish('news', { data: `${n} skipped` });
    await turns();
    const events = await client.resume();
    const reset = await events.until('sse.reset');
    expect(reset.json()).toEqual({ channels: ['news'], reason: 'lag' });
    const { id } = await events.until('sse.live');
    await server.hub.publish('news', { data: `${count + 20} live` });
    await events.until((event) => numberOf(event) === count + 20);
    const seen = events.events.filter(({ event }) => event === 'message').map(numberOf);
    expect(seen).toEqual([...upTo(count), count + 20]);
    expect(server.record).toMatchObject({ lags: [connection], resets: ['lag'], closes: [] });
    // Whoever is cut now goes on behind what was skipped.
    const again = await server.open(follows(), { lastEventId: id });
    expect(numberOf((await again.take(2))[1] as { data: string })).toBe(count + 20);
  });

  it("F4 onLag: 'disconnect' ends the connection, and its client resumes without a loss", async () => {
    const server = await serve(leg);
    const { client, connection } = await pauseOn(server, follows('disconnect'));
    const count = await fill(server, connection);
    expect(await connection.closed).toMatchObject({ reason: 'slow' });
    await server.hub.publish('news', { data: `${count} meanwhile` });
    const events = await client.resume();
    await events.closed;
    const seen = events.events.slice(1).map(numberOf);
    expect(seen).toEqual(upTo(seen.length));
    const again = await server.open(follows(), { lastEventId: events.lastEventId });
    await again.until((event) => numberOf(event) === count);
    expect(again.events.slice(1).map(numberOf)).toEqual(upTo(count + 1).slice(seen.length));
  });

  it('F4 sends beyond maxPendingBytes end the connection as slow, and every one of them is told', async () => {
    const server = await serve(leg, { hub: { maxPendingBytes: 128 * KIB, maxEventBytes: 64 * KIB } });
    const { connection } = await pauseOn(server, (own) => void own.open());
    const results: Promise<boolean>[] = [];
    while (connection.isOpen) {
      results.push(connection.send('x'.repeat(30_000)));
      expect(connection.pendingBytes).toBeLessThanOrEqual((128 + 30) * KIB);
      if (results.length % 4 === 0) await turns(1);
    }
    expect(await connection.closed).toMatchObject({ reason: 'slow' });
    expect((await Promise.all(results)).slice(-3)).toEqual([false, false, false]);
    expect(connection.pendingBytes).toBe(0);
  });

  it('F6 ten thousand unawaited sends add no listeners, and cause no warning', async () => {
    const warnings: Error[] = [];
    const listener = (warning: Error) => void warnings.push(warning);
    process.on('warning', listener);
    onTestFinished(() => void process.off('warning', listener));
    const server = await serve(leg);
    let emitters: EventEmitter[] = [];
    const { client, connection } = await pauseOn(server, (own, { raw }) => {
      emitters = [raw, ('stream' in raw ? raw.stream : raw.req.socket) as unknown as EventEmitter];
      own.open();
    });
    await turns();
    const before = emitters.map(listeners);
    const promises = new Set<Promise<boolean>>();
    for (let n = 0; n < 10_000; n++) promises.add(connection.send({ data: n }));
    expect(emitters.map(listeners).every((count, n) => count <= (before[n] ?? 0) + 2)).toBe(true);
    // Those that wait share one promise: nothing is kept for each of them.
    expect(promises.size).toBeLessThanOrEqual(3);
    const events = await client.resume();
    await events.when(({ events: { length } }) => length === 10_000);
    expect(events.events.map(numberOf)).toEqual(upTo(10_000));
    expect(await Promise.all(promises)).toEqual([...promises].map(() => true));
    await turns();
    expect(emitters.map(listeners)).toEqual(before);
    expect(warnings).toEqual([]);
  });

  it('F7 no frame is torn or repeated while a client stops and starts', async () => {
    const random = seeded(7);
    const server = await serve(leg);
    const { client, connection } = await pauseOn(server, follows());
    const lengths: number[] = [];
    const publish = async () => {
      const length = Math.floor(random() ** 4 * 200_000);
      lengths.push(length);
      await server.hub.publish('news', { data: `${lengths.length - 1} ${'y'.repeat(length)}` });
      await turns(1);
    };
    while (connection.pendingBytes < ROOM && connection.isLive) await publish();
    for (let n = 0; n < 30; n++) await publish();
    const events = await client.resume();
    for (let n = 0; n < 100; n++) await publish();
    await events.until((event) => numberOf(event) === lengths.length - 1);
    const messages = events.events.filter(({ event }) => event === 'message');
    expect(messages.map(numberOf)).toEqual(upTo(lengths.length));
    expect(messages.map(({ data }) => data.length - data.indexOf(' ') - 1)).toEqual(lengths);
  });

  it('F8 a client that takes nothing for the whole stall time is given up, and one that takes some is not', async () => {
    const clock = fakeClock({ autoTurns: true });
    const server = await serve(leg, { hub: { clock, stallMs: 10_000, heartbeatMs: false } });
    const { connection } = await pauseOn(server, follows());
    await fill(server, connection);
    await turns(50);
    const pass = async (seconds: number) => {
      for (let second = 0; second < seconds; second++) {
        clock.advance(1_000);
        await turns(2);
      }
    };
    await pass(10);
    expect(connection.isOpen).toBe(true);
    await pass(2);
    expect(await connection.closed).toMatchObject({ reason: 'slow', detail: expect.stringContaining('stall') });
    expect(server.hub.connections.size).toBe(0);
    const { client, connection: second } = await pauseOn(server, follows());
    const count = await fill(server, second, 1_000);
    await pass(8);
    const events = await client.resume();
    await events.until((event) => numberOf(event) === count - 1);
    await pass(30);
    expect(second.isOpen).toBe(true);
  });
});

const listeners = (emitter: EventEmitter): number =>
  emitter.eventNames().reduce((sum, name) => sum + emitter.listenerCount(name), 0);
