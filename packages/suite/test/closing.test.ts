/** C15: a server that is told to close while streams are open, by somebody who does not know of them. It must not wait for ever. */
import { expect, it } from 'vitest';
import type { Handler } from './kit/app.js';
import { isHttp2, LEGS } from './kit/legs.js';
import { onEach } from './kit/on-each.js';
import { serve } from './kit/served.js';
import { until } from './kit/wait.js';

const subscribes: Handler = (connection) => connection.subscribe('news');

onEach(LEGS, (leg) => {
  it('C15 a hundred streams do not keep a server that is told to close, and each gets its retry and its end', async () => {
    const server = await serve(leg, { hub: { heartbeatMs: 500, heartbeatBoundsMs: [500, 500] } });
    const path = server.route(subscribes);
    const request = isHttp2(leg) ? {} : { headers: { connection: 'keep-alive' } };
    const streams = await Promise.all(Array.from({ length: 100 }, () => server.open(path, request)));
    await Promise.all(streams.map((stream) => stream.until('sse.open')));
    const closed = server.closeServer();
    for (const stream of streams) {
      expect(await stream.closed).toEqual({ reason: 'end' });
      expect(stream.retry).toBeGreaterThanOrEqual(1_000);
    }
    // Spread, so that they do not come back together.
    expect(new Set(streams.map(({ retry }) => retry)).size).toBeGreaterThan(50);
    await closed;
    expect(server.record.closes.map(({ reason }) => reason)).toEqual(Array(100).fill('shutdown'));
    await until(() => server.sockets.size === 0);
    // The hub goes on: another server may use it.
    expect(server.hub.health()).toMatchObject({ live: true, connections: 0 });
  });

  it('C15 who is refused while the hub drains does not come back over the same connection', async () => {
    const server = await serve(leg);
    const path = server.route(subscribes);
    await server.hub.drain({ windowMs: 0 });
    const refused = await server.open(path, isHttp2(leg) ? {} : { headers: { connection: 'keep-alive' } });
    await refused.closed;
    expect(refused.events).toMatchObject([{ event: 'sse.busy' }]);
    await until(() => server.sockets.size === 0);
  });
});
