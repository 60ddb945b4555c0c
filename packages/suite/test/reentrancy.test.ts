/** Callbacks that do to the hub and its connections what they please, while these are busy with them. */
import type { Connection, FilterEvent } from '@headwater/core';
import { expect, it } from 'vitest';
import type { Handler } from './kit/app.js';
import { LEGS } from './kit/legs.js';
import { onEach } from './kit/on-each.js';
import { serve } from './kit/served.js';
import { turns, until } from './kit/wait.js';

onEach(LEGS, (leg) => {
  /** A stream whose filter does `act` at the message `now`, beside one that only reads. */
  const start = async (act: (connection: Connection) => void) => {
    const server = await serve(leg);
    const acts: Handler = (connection) => {
      const filter = ({ data }: FilterEvent) => {
        if (data === 'now') act(connection);
        return true;
      };
      return connection.subscribe(['a', 'b'], { filter });
    };
    const acting = await server.open(acts);
    await acting.until('sse.open');
    const reading = await server.open((connection) => connection.subscribe(['a', 'b']));
    await reading.until('sse.open');
    return { server, acting, reading };
  };

  it('a filter that closes its connection ends it there, and the others go on', async () => {
    const { server, acting, reading } = await start((connection) => connection.close());
    for (const data of ['one', 'now', 'two']) await server.hub.publish('a', data);
    expect((await reading.take(3)).map(({ data }) => data)).toEqual(['one', 'now', 'two']);
    expect(await acting.closed).toEqual({ reason: 'end' });
    expect(acting.text).not.toContain('two');
    expect(server.record.errors).toEqual([]);
  });

  it('a filter that publishes is no loop, and what it publishes comes after what it saw', async () => {
    const { server, acting, reading } = await start(({ hub }) => void hub.publish('b', 'from the filter'));
    for (const data of ['one', 'now', 'two']) void server.hub.publish('a', data);
    const data = ['one', 'now', 'two', 'from the filter'];
    expect((await reading.take(4)).map((event) => event.data)).toEqual(data);
    expect((await acting.take(4)).map((event) => event.data)).toEqual(data);
  });

  it('a filter that unsubscribes ends delivery of that channel, and of no other', async () => {
    const { server, acting } = await start((connection) => connection.unsubscribe('a'));
    await server.hub.publish('a', 'one');
    await acting.until(({ data }) => data === 'one');
    for (const data of ['now', 'two']) void server.hub.publish('a', data);
    await server.hub.publish('b', 'three');
    await turns();
    await server.hub.publish('b', 'end');
    await acting.until(({ data }) => data === 'end');
    const seen = acting.events.filter(({ event }) => event === 'message').map(({ data }) => data);
    expect(seen).toEqual(['one', 'three', 'end']);
    expect(server.record.errors).toEqual([]);
  });

  it.each([
    ['the ring', {}],
    ['the store', { ringEvents: 1 }],
  ])(
    'a filter that unsubscribes while history comes from %s repeats nothing, and keeps the order',
    async (_name, options) => {
      const server = await serve(leg, { hub: options });
      for (let n = 0; n < 20; n++) await server.hub.publish(n % 2 ? 'a' : 'b', { data: n });
      const stream = await server.open((connection) => {
        const filter = ({ data }: FilterEvent) => {
          if (data === '7') connection.unsubscribe('a');
          return true;
        };
        return connection.subscribe(['a', 'b'], { filter, from: 'earliest' });
      });
      await stream.until(({ data }) => data === '18');
      const seen = stream.events.filter(({ event }) => event === 'message').map(({ data }) => Number(data));
      expect(seen.filter((n) => n % 2 === 0)).toEqual([0, 2, 4, 6, 8, 10, 12, 14, 16, 18]);
      expect(seen.filter((n) => n % 2 === 1 && n >= 7)).toEqual([]);
      expect(seen).toEqual(seen.toSorted((a, b) => a - b));
    },
  );

  it('a filter that disconnects everyone leaves nobody behind', async () => {
    const { server, acting, reading } = await start(({ hub }) => void hub.disconnect(() => true));
    await server.hub.publish('a', 'now');
    await Promise.all([acting.closed, reading.closed]);
    await until(() => server.hub.connections.size === 0);
    expect(server.record.closes.map(({ reason }) => reason)).toEqual(['revoked', 'revoked']);
    expect(server.record.errors).toEqual([]);
  });

  it('an observer that closes what has just opened or resumed has its way', async () => {
    for (const member of ['opened', 'resumed'] as const) {
      const server = await serve(leg);
      server.hub.observe({ [member]: (connection: Connection) => connection.close({ reason: 'server' }) });
      const stream = await server.open((connection) => connection.subscribe('a'));
      expect(await stream.closed).toEqual({ reason: 'end' });
      expect(server.record.closes).toMatchObject([{ reason: 'server' }]);
      expect(server.hub.connections.size).toBe(0);
      expect(server.record.errors).toEqual([]);
    }
  });

  it('an observer that publishes when something was published does not lose its way', async () => {
    const server = await serve(leg);
    let left = 20;
    server.hub.observe({ published: () => void (left-- > 0 && server.hub.publish('a', { data: left })) });
    const stream = await server.open((connection) => connection.subscribe('a'));
    await stream.until('sse.open');
    await server.hub.publish('a', { data: 20 });
    expect((await stream.take(21)).map(({ data }) => Number(data))).toEqual(
      Array.from({ length: 21 }, (_, n) => 20 - n),
    );
  });
});
