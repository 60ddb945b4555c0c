/**
 * Group A: what goes on the wire, byte for byte, and what a client makes of it. Bytes come from real sockets; events are decoded
 * with eventsource-parser (inside of `collect`).
 *
 * | row | where |
 * |---|---|
 * | A1 to A5, A9, A10, A13 to A15 | `VECTORS` in kit/vectors.ts: sent and published |
 * | A6 to A8, A11, A12, A17 | `REFUSED` in kit/vectors.ts (`VECTORS` for the values that are good) |
 * | A16, A18 | below |
 * | A19 | below: "A custom serializer" |
 * | A20 | encoding.property.test.ts |
 */
import { type Connection, createHub, type Sendable } from '@headwater/core';
import { describe, expect, it } from 'vitest';
import { LEGS } from './kit/legs.js';
import { onEach } from './kit/on-each.js';
import { serve, share } from './kit/served.js';
import { REFUSED, VECTORS } from './kit/vectors.js';

const PRELUDE = 'retry: 2000\n:\n';

const send = (connection: Connection, value: unknown) => void connection.send(value as Sendable).catch(() => {});

onEach(LEGS, (leg) => {
  const server = share(leg);

  /** What a handler that then closes the stream has put on the wire, behind the prelude. */
  const bodyOf = async (write: (connection: Connection) => unknown) => {
    const stream = await server().open(async (connection) => {
      connection.open();
      await write(connection);
      connection.close();
    });
    expect(await stream.closed).toEqual({ reason: 'end' });
    expect(stream.text.slice(0, PRELUDE.length)).toBe(PRELUDE);
    return { wire: stream.text.slice(PRELUDE.length), events: stream.events, stream };
  };

  for (const { name, message, wire, events } of VECTORS) {
    it(name, async () => {
      const body = await bodyOf((connection) => send(connection, message));
      expect(body.wire).toBe(wire);
      expect(body.events).toMatchObject(events.map((event) => ({ event: 'message', id: '', ...event })));
      expect(body.events).toHaveLength(events.length);
    });
  }

  it('A1 to A15 publishes every vector as it sends it, with an id of the log', async () => {
    const publishable = VECTORS.filter(({ events: [event] }) => event && event.id === undefined);
    const stream = await server().open((connection) => connection.subscribe('vectors'));
    await stream.until('sse.open');
    const published = await Promise.all(publishable.map(({ message }) => server().hub.publish('vectors', message)));
    const events = await stream.take(publishable.length);
    expect(events).toMatchObject(publishable.map(({ events: [event] }) => ({ event: 'message', ...event })));
    expect(events.map(({ id }) => id)).toEqual(published.map(({ id }) => id));
    const frames = publishable.map(({ wire }, index) => `${wire.slice(0, -1)}id: ${published[index]?.id}\n\n`);
    expect(stream.text).toContain(frames.join(''));
    await stream.close();
  });

  for (const { name, message, error } of REFUSED) {
    it(`${name}, with nothing written`, async () => {
      const body = await bodyOf((connection) => {
        expect(() => connection.send(message as Sendable)).toThrow(expect.objectContaining(error));
        send(connection, 'after');
      });
      expect(body.wire).toBe('data: after\n\n');
    });
  }

  it('A16 sends one event of nearly a megabyte whole', async () => {
    const text = 'nearly a megabyte of text, ä\n'.repeat(28_000);
    const body = await bodyOf((connection) => connection.send(text));
    expect(body.events).toHaveLength(1);
    expect(body.events[0]?.data === text).toBe(true);
  });

  it('A16 sends 10,000 events of one turn in their order', async () => {
    const body = await bodyOf((connection) => {
      for (let n = 0; n < 10_000; n++) send(connection, { id: n, data: n });
    });
    expect(body.events).toHaveLength(10_000);
    expect(body.events.every(({ id, data }, n) => id === String(n) && data === id)).toBe(true);
  });

  it('A18 ends each event with exactly one blank line, and glues comments to the next one', async () => {
    const body = await bodyOf((connection) => {
      send(connection, { data: 'a', event: 'one', retry: 300 });
      void connection.comment('between');
      send(connection, { comment: '' });
      send(connection, { data: 'b' });
      send(connection, { retry: 400 });
      send(connection, { data: 'c' });
    });
    expect(body.wire).toBe('event: one\nretry: 300\ndata: a\n\n: between\n:\ndata: b\n\nretry: 400\ndata: c\n\n');
    expect(body.events.map(({ event, data }) => [event, data])).toEqual([
      ['one', 'a'],
      ['message', 'b'],
      ['message', 'c'],
    ]);
    expect(body.stream).toMatchObject({ retry: 400, comments: ['', 'between', ''] });
  });
});

describe('A custom serializer', () => {
  const [leg] = LEGS as [(typeof LEGS)[0]];
  const serializers: { [name: string]: (data: unknown) => unknown } = {
    lines: (data) => (data as string[]).join('\r\n'),
    nothing: () => undefined,
    bytes: () => Buffer.from('x'),
    failing: () => {
      throw new Error('no');
    },
  };
  const serverWith = (name: string) =>
    serve(leg, { hub: createHub({ serializer: serializers[name] as (data: unknown) => string }) });

  it('A19 may return many lines, each of which becomes a line of data', async () => {
    const server = await serverWith('lines');
    const stream = await server.open(async (connection) => {
      await connection.send({ data: ['a', '', 'event: evil'] });
      connection.close();
    });
    await stream.closed;
    expect(stream.text).toBe(`${PRELUDE}data: a\ndata: \ndata: event: evil\n\n`);
  });

  it.each(['nothing', 'bytes', 'failing'])(
    'A19 that returns no string (%s) is an error, and the stream goes on',
    async (name) => {
      const server = await serverWith(name);
      const stream = await server.open((connection) => {
        connection.open();
        expect(() => connection.send({ data: 1 })).toThrow(expect.objectContaining({ code: 'ERR_SSE_SERIALIZE' }));
        expect(() => server.hub.publish('news', { data: 1 })).toThrow(
          expect.objectContaining({ code: 'ERR_SSE_SERIALIZE' }),
        );
        send(connection, 'strings need no serializer');
        connection.close();
      });
      await stream.closed;
      expect(stream.text).toBe(`${PRELUDE}data: strings need no serializer\n\n`);
    },
  );
});
