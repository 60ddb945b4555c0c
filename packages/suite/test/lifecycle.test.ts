/**
 * Group C: how streams end, and what is left of them.
 *
 * | row | where |
 * |---|---|
 * | C1 to C7, C17, C18 | below; limits: limits.test.ts |
 * | C8 to C11 | sources.test.ts |
 * | C12, C13, C16 | heartbeat.test.ts |
 * | C14 | process.test.ts |
 * | C15 | shutdown.test.ts |
 */

import type { EventEmitter } from 'node:events';
import type { Connection } from '@headwater/core';
import { fakeClock } from '@headwater/testing';
import { expect, it } from 'vitest';
import type { Handler } from './kit/app.js';
import { LEGS } from './kit/legs.js';
import { onEach } from './kit/on-each.js';
import type { HangUp } from './kit/paused.js';
import { serve, share } from './kit/served.js';
import { gate, turns, until } from './kit/wait.js';

const subscribes: Handler = (connection) => connection.subscribe('news');

onEach(LEGS, (leg) => {
  const server = share(leg);

  it.each<HangUp>(['break', 'leave'])(
    'C1 a client that goes (%s) ends its connection once, and nothing of it stays',
    async (how) => {
      const clock = fakeClock({ autoTurns: true });
      const own = await serve(leg, { hub: { clock } });
      const client = await own.pause(subscribes);
      await until(() => own.record.resumes.length === 1);
      const [connection] = own.record.opens as [Connection];
      const { signal } = connection;
      let aborts = 0;
      signal.addEventListener('abort', () => aborts++);
      expect([signal.aborted, connection.isOpen, own.hub.connections.size]).toEqual([false, true, 1]);
      client.hangUp(how);
      expect(await connection.closed).toEqual({ reason: 'client', detail: undefined });
      expect([aborts, signal.aborted, signal.reason]).toEqual([1, true, 'client']);
      expect(own.record.closes).toMatchObject([{ connection, reason: 'client' }]);
      expect([connection.isOpen, own.hub.connections.size, connection.pendingBytes]).toEqual([false, 0, 0]);
      clock.advance(1_000);
      expect(clock.timers).toBe(0);
      await own.hub.publish('news', 'nobody');
      await turns();
      expect(own.record).toMatchObject({ writes: 0, errors: [], closes: { length: 1 } });
      expect(own.failures).toEqual([]);
    },
  );

  it('C2 close ends the stream for the client, with a last retry and the place reached', async () => {
    const own = await serve(leg);
    const stream = await own.open(subscribes);
    const { data: conn } = await stream.until('sse.open');
    expect(conn).toContain(own.record.opens[0]?.id);
    const { id } = await own.hub.publish('other', 'unseen');
    await turns();
    own.record.opens[0]?.close({ retryMs: 800, detail: 'by hand' });
    expect(await stream.closed).toEqual({ reason: 'end' });
    expect(stream).toMatchObject({ retry: 800, lastEventId: id });
    expect(stream.events.slice(1)).toMatchObject([{ event: 'sse.ping', data: '{"reason":"server"}', id }]);
    expect(own.record.closes).toMatchObject([{ reason: 'server', detail: 'by hand' }]);
  });

  it('C2 close({ final: true }) says goodbye to clients that understand it', async () => {
    const stream = await server().open(async (connection) => {
      await connection.send('last');
      connection.close({ final: true });
    });
    expect(await stream.closed).toEqual({ reason: 'end' });
    expect(stream.events).toMatchObject([{ data: 'last' }, { event: 'sse.bye', data: '{"reason":"server"}', id: '' }]);
  });

  it('C2 close delivers what was sent before it, however much that is', async () => {
    const stream = await server().open((connection) => {
      for (let n = 0; n < 10; n++) void connection.send({ data: `${n}${'x'.repeat(50_000)}` });
      connection.close();
    });
    expect(await stream.closed).toEqual({ reason: 'end' });
    expect(stream.events.map(({ data }) => data[0])).toEqual([...'0123456789']);
  });

  it('C3 a client that has gone before the stream opens leaves nothing behind', async () => {
    const clock = fakeClock({ autoTurns: true });
    const own = await serve(leg, { hub: { clock, maxConnections: 1 } });
    const seen = gate();
    const results: unknown[] = [];
    const handler: Handler = async (connection) => {
      seen.open();
      await connection.closed;
      connection.open();
      results.push(connection.isOpen, await connection.send('x'), await connection.subscribe('news'));
      connection.close();
    };
    const opening = own.pause(handler).catch(() => {});
    await seen.opened;
    own.http2.close();
    for (const socket of own.sockets) socket.destroy();
    await opening;
    await until(() => results.length === 3);
    expect(results).toEqual([false, false, { resume: 'closed', channels: [] }]);
    expect(own.hub.connections.size).toBe(0);
    expect(own.record).toMatchObject({ opens: [], closes: [], errors: [] });
    clock.advance(1_000);
    expect(clock.timers).toBe(0);
  });

  it('C3 so does one that has gone before anybody touches its connection', async () => {
    const own = await serve(leg, { hub: { maxConnectionsPerClient: 1 } });
    const seen = gate();
    const results: unknown[] = [];
    const path = own.lazyRoute(async (connection, { raw }) => {
      seen.open();
      const response = raw as EventEmitter;
      await new Promise((resolve) => response.once('close', resolve));
      const late = connection();
      results.push(await late.send('x'), await late.subscribe('news'), late.signal.aborted, await late.closed);
      results.push(late.lastEventId);
    });
    const opening = own.pause(path, { lastEventId: 'a.1' }).catch(() => {});
    await seen.opened;
    own.http2.close();
    for (const socket of own.sockets) socket.destroy();
    await opening;
    await until(() => results.length === 5);
    expect(results).toEqual([false, { resume: 'closed', channels: [] }, true, { reason: 'client' }, 'a.1']);
    expect(own.record).toMatchObject({ opens: [], closes: [], errors: [], refusals: [] });
    expect(own.failures).toEqual([]);
  });

  it('C4 answers a POST whose JSON body was parsed before with a stream that stays open', async () => {
    const headers = { 'content-type': 'application/json' };
    const handler: Handler = async (connection, { body }) => {
      await connection.send({ data: body });
      await connection.subscribe('posted');
    };
    const stream = await server().open(handler, { method: 'POST', headers, body: '{"hello":"world"}' });
    await stream.until('sse.open');
    await server().hub.publish('posted', 'still open');
    expect(await stream.next()).toMatchObject({ data: 'still open' });
    expect(stream.events[0]).toMatchObject({ data: '{"hello":"world"}' });
    await stream.close();
  });

  it('C4 stays open while and after the body of its request is read', async () => {
    const headers = { 'content-type': 'application/octet-stream' };
    const handler: Handler = async (connection, { upload }) => {
      connection.open();
      let length = 0;
      for await (const chunk of upload) length += (chunk as Buffer).length;
      await connection.send({ data: length });
      await connection.subscribe('posted');
    };
    const stream = await server().open(handler, { method: 'POST', headers, body: 'x'.repeat(300_000) });
    expect(await stream.next()).toMatchObject({ data: '300000' });
    await stream.until('sse.open');
    await server().hub.publish('posted', 'still open');
    expect(await stream.next()).toMatchObject({ data: 'still open' });
    await stream.close();
  });

  it('C5 after the end nothing is sent and nothing rejects; bad arguments still throw at once', async () => {
    const own = await serve(leg);
    const stream = await own.open((connection) => connection.send('only'));
    await stream.next();
    const [connection] = own.record.opens as [Connection];
    connection.close();
    connection.close({ reason: 'error', detail: 'too late' });
    expect(await connection.send('x')).toBe(false);
    expect(await connection.comment('x')).toBe(false);
    expect(await connection.send(['a', 'b'])).toBe(false);
    expect(await connection.subscribe('news')).toEqual({ resume: 'closed', channels: [] });
    connection.unsubscribe();
    expect(() => connection.send({ id: 'a\nb', data: 'x' })).toThrow(TypeError);
    expect(() => connection.subscribe('a b')).toThrow(TypeError);
    expect(() => connection.close({ retryMs: 1 })).toThrow(RangeError);
    expect(await stream.closed).toEqual({ reason: 'end' });
    expect(stream.events).toHaveLength(1);
    expect(own.record).toMatchObject({ closes: [{ reason: 'server', detail: undefined }], errors: [] });
  });

  it('C6 who asks for the end when it has come is told at once', async () => {
    const own = await serve(leg);
    const stream = await own.open((connection) => connection.send('only'));
    await stream.close();
    const [connection] = own.record.opens as [Connection];
    expect(await connection.closed).toEqual({ reason: 'client', detail: undefined });
    expect(await connection.closed).toEqual({ reason: 'client', detail: undefined });
    expect(connection.signal).toMatchObject({ aborted: true, reason: 'client' });
  });

  it('C7 an observer that throws keeps neither others nor the stream from anything, and is reported', async () => {
    const own = await serve(leg);
    const fail = (what: string) => () => {
      throw new Error(what);
    };
    own.hub.observe({ opened: fail('opened'), resumed: fail('resumed'), closed: fail('closed'), error: fail('error') });
    const later: string[] = [];
    own.hub.observe({ closed: (_connection, { reason }) => void later.push(reason) });
    const stream = await own.open(subscribes);
    await own.hub.publish('news', 'x');
    await stream.until(({ data }) => data === 'x');
    await stream.close();
    await until(() => later.length > 0);
    expect(later).toEqual(['client']);
    expect(own.record.errors).toMatchObject(
      ['opened', 'resumed', 'closed'].map((message) => ({ source: 'observer', error: { message } })),
    );
  });

  it('C17 a stream that is open cannot be opened again, and stays as it is', async () => {
    const stream = await server().open((connection) => {
      connection.open();
      expect(() => connection.open()).toThrow(expect.objectContaining({ code: 'ERR_SSE_HEADERS_SENT' }));
      return connection.send('whole');
    });
    expect(await stream.next()).toMatchObject({ data: 'whole' });
    await stream.close();
  });

  it('C17 a response that was answered otherwise cannot become a stream', async () => {
    const errors: unknown[] = [];
    const stream = await server().open((connection, context) => {
      const answered = context.answer(200, { plain: true });
      for (const use of [() => connection.open(), () => connection.subscribe('news'), () => connection.send('x')]) {
        try {
          // One that was not touched by then may count as gone, which is no error.
          void Promise.resolve(use()).catch(() => {});
        } catch (error) {
          errors.push(error);
        }
      }
      return answered;
    });
    await stream.closed;
    expect(stream.text).toBe('{"plain":true}');
    for (const error of errors) expect(error).toMatchObject({ code: 'ERR_SSE_HEADERS_SENT' });
    expect(server().hub.connections.size).toBe(0);
  });

  it('C17 a JSON answer after the start is refused, and the stream goes on', async () => {
    const stream = await server().open(async (connection, context) => {
      await connection.send('one');
      try {
        void context.answer(500, { oops: true });
      } catch (error) {
        expect(error).toMatchObject({ code: expect.stringMatching(/HEADERS_SENT/) });
      }
      await connection.send('two');
    });
    expect(await stream.take(2)).toMatchObject([{ data: 'one' }, { data: 'two' }]);
    expect(stream.text).not.toContain('oops');
    await stream.close();
  });

  it('C17 a response that someone else ends ends its connection, and nothing is written behind it', async () => {
    const own = await serve(leg);
    const stream = await own.open(async (connection, { raw }) => {
      await connection.subscribe('news');
      raw.end();
      expect(await connection.send('x')).toBe(false);
    });
    expect(await stream.closed).toEqual({ reason: 'end' });
    await until(() => own.record.closes.length === 1);
    await own.hub.publish('news', 'x');
    expect(stream.events.map(({ event }) => event)).toEqual(['sse.open']);
    expect(own.hub.connections.size).toBe(0);
    expect(own.failures).toEqual([]);
  });

  it('C18 a thousand subscriptions leave no listener behind', async () => {
    const own = await serve(leg);
    let emitters: EventEmitter[] = [];
    const stream = await own.open(async (connection, { raw }) => {
      const target = 'stream' in raw ? raw.stream : raw.req.socket;
      emitters = [raw, raw.req as unknown as EventEmitter, target as unknown as EventEmitter];
      await connection.subscribe('news');
    });
    await stream.until('sse.open');
    const [connection] = own.record.opens as [Connection];
    const before = emitters.map(listeners);
    for (let n = 0; n < 1_000; n++) {
      void connection.subscribe(`channel-${n}`, { onReset: 'live' });
      connection.unsubscribe(`channel-${n}`);
    }
    await own.hub.publish('news', 'done');
    await stream.until(({ data }) => data === 'done');
    expect(emitters.map(listeners)).toEqual(before);
    expect(connection.channels).toEqual(['news']);
    await stream.close();
  });
});

const listeners = (emitter: EventEmitter): number =>
  emitter.eventNames().reduce((sum, name) => sum + emitter.listenerCount(name), 0);
