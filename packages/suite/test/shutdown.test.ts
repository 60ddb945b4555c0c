/** C15: an application that shuts down while streams are open. Nobody but the server ends them. */
import { constants } from 'node:http2';
import type { Connection } from '@headwater/core';
import { expect, it } from 'vitest';
import type { Handler } from './kit/app.js';
import { HTTP2_LEGS, isHttp2, LEGS } from './kit/legs.js';
import { onEach } from './kit/on-each.js';
import { serve } from './kit/served.js';
import { turns, until } from './kit/wait.js';

const subscribes: Handler = (connection) => connection.subscribe('news');
/** Otherwise the clients would close their connections themselves. */
const headers = { connection: 'keep-alive' };

onEach(LEGS, (leg) => {
  it('C15 a hundred streams do not hold up the shutdown, and each gets a retry, its place and its end', async () => {
    const server = await serve(leg, { hub: { retryMs: 3_000 } });
    const path = server.route(subscribes);
    const request = isHttp2(leg) ? {} : { headers };
    const streams = await Promise.all(Array.from({ length: 100 }, () => server.open(path, request)));
    await Promise.all(streams.map((stream) => stream.until('sse.open')));
    const { id } = await server.hub.publish('news', 'last');
    await Promise.all(streams.map((stream) => stream.until(({ data }) => data === 'last')));
    await server.shutdown();
    for (const stream of streams) {
      expect(await stream.closed).toEqual({ reason: 'end' });
      expect(stream.events.at(-1)).toMatchObject({ event: 'sse.ping', data: '{"reason":"shutdown"}', id });
      expect(stream.retry).toBeGreaterThanOrEqual(1_500);
      expect(stream.retry).toBeLessThanOrEqual(4_500);
    }
    // Spread, so that they do not come back together.
    expect(new Set(streams.map(({ retry }) => retry)).size).toBeGreaterThan(50);
    expect(server.record.closes.map(({ reason }) => reason)).toEqual(Array(100).fill('shutdown'));
    expect(server.hub.connections.size).toBe(0);
    await until(() => server.sockets.size === 0);
  });

  it('C15 a hub that drains gives up the connections below its streams, so that their clients go elsewhere', async () => {
    const server = await serve(leg);
    const stream = await server.open(subscribes, isHttp2(leg) ? {} : { headers });
    await stream.until('sse.open');
    await server.hub.drain({ windowMs: 0 });
    expect(await stream.closed).toEqual({ reason: 'end' });
    await until(() => server.sockets.size === 0);
  });

  it('C15 a client that takes nothing does not hold up the shutdown', async () => {
    const server = await serve(leg);
    await server.pause(subscribes);
    const [connection] = server.record.opens as [Connection];
    while (connection.pendingBytes < 65_536) {
      await server.hub.publish('news', 'x'.repeat(100_000));
      await turns(1);
    }
    await server.shutdown();
    expect(server.record.closes).toMatchObject([{ reason: 'shutdown' }]);
    await until(() => server.sockets.size === 0);
  });

  it('C15 a request that comes while the hub drains is sent away with a retry, and no error', async () => {
    const server = await serve(leg, { hub: { refusalRetrySeconds: [7, 7] } });
    const path = server.route(subscribes);
    const stream = await server.open(path);
    await stream.until('sse.open');
    const drained = server.hub.drain({ windowMs: 0 });
    server.renewHttp2();
    const refused = await server.open(path);
    await refused.closed;
    expect(refused).toMatchObject({ status: 200, retry: 7_000 });
    expect(refused.events).toMatchObject([{ event: 'sse.busy', id: '' }]);
    const byStatus = await server.open(path, { query: 'refusal=status' });
    await byStatus.closed;
    expect(byStatus).toMatchObject({ status: 503, headers: { 'retry-after': '7' } });
    await drained;
    expect(server.record.refusals).toEqual(['shutting down', 'shutting down']);
    expect(server.record.errors).toEqual([]);
  });
});

onEach(HTTP2_LEGS, (leg) => {
  it('C15 a session learns of the shutdown by GOAWAY, without an error', async () => {
    const server = await serve(leg);
    const goaways: number[] = [];
    const { session } = server.http2;
    session.on('goaway', (code: number) => void goaways.push(code));
    const stream = await server.open(subscribes);
    await stream.until('sse.open');
    await server.shutdown();
    await stream.closed;
    await until(() => session.closed);
    expect(new Set(goaways)).toEqual(new Set([constants.NGHTTP2_NO_ERROR]));
  });
});
