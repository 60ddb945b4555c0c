/** Callbacks that do to the hub and its connections what they please, while these are busy with them. */
import type { Connection, FilterEvent } from '@headwater/core';
import { expect, it } from 'vitest';
import type { Handler } from './kit/app.js';
import { LEGS } from './kit/legs.js';
import { onEach } from './kit/on-each.js';
import { serve } from './kit/served.js';
import { until } from './kit/wait.js';

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
    for (const data of ['one', 'now', 'two']) await server.hub.publish('a', data);
    await server.hub.publish('b', 'end');
    await acting.until(({ data }) => data === 'end');
    const seen = acting.events.filter(({ event }) => event === 'message').map(({ data }) => data);
    expect(seen).not.toContain('two');
    expect(seen.filter((data) => data === 'one')).toEqual(['one']);
    expect(server.record.errors).toEqual([]);
  });

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
