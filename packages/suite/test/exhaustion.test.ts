/** Clients that cost as much as they can: headers that never end or are too large, and as many channels as fit. */
import { once } from 'node:events';
import { connect } from 'node:net';
import { openStream } from '@headwater/core/node';
import { expect, it, onTestFinished } from 'vitest';
import type { Handler } from './kit/app.js';
import { HTTP1_LEGS, LEGS } from './kit/legs.js';
import { onEach } from './kit/on-each.js';
import { raw } from './kit/raw.js';
import { serve } from './kit/served.js';
import { until } from './kit/wait.js';

const asked: Handler = (connection, { request, url }) =>
  openStream(connection, request, url, { authorize: () => true });

onEach(HTTP1_LEGS, (leg) => {
  it('headers that are too large are refused by the server below, and nobody else notices', async () => {
    const server = await serve(leg);
    const stream = await server.open(asked, { query: 'channels=a' });
    await stream.until('sse.open');
    const { received } = await raw(server, ['GET / HTTP/1.1', 'Host: x', `Last-Event-ID: ${'x'.repeat(20_000)}`]);
    await received.closed;
    expect(received.text).toMatch(/^HTTP\/1\.1 431 /);
    await server.hub.publish('a', 'still here');
    expect(await stream.next()).toMatchObject({ data: 'still here' });
    expect(server.hub.connections.size).toBe(1);
  });

  it('a head that never ends is no connection of the hub, and keeps nobody from being served', async () => {
    const server = await serve(leg, { hub: { maxConnections: 1 } });
    const sockets = Array.from({ length: 20 }, () => connect(server.port, '127.0.0.1'));
    for (const socket of sockets) {
      socket.on('error', () => {});
      onTestFinished(() => void socket.destroy());
      await once(socket, 'connect');
      socket.write('GET / HTTP/1.1\r\nHost: x\r\nX-Slow: ');
    }
    const stream = await server.open(asked, { query: 'channels=a' });
    expect(await stream.next()).toMatchObject({ event: 'sse.open' });
    expect(server.hub.connections.size).toBe(1);
  });
});

onEach(LEGS, (leg) => {
  it('as many channels as a query holds are refused before anybody is asked, and leave nothing behind', async () => {
    const server = await serve(leg);
    let asked = 0;
    const handler: Handler = (connection, { request, url }) => {
      const authorize = () => {
        asked++;
        return true;
      };
      return openStream(connection, request, url, { authorize });
    };
    const many = Array.from({ length: 1_000 }, (_, n) => `c${n}`);
    const refused = await server.open(handler, { query: `channels=${many.join()}` });
    await refused.closed;
    expect(refused.status).toBe(400);
    expect(asked).toBe(0);
    const most = await server.open(handler, { query: `channels=${many.slice(0, 100).join()}` });
    expect((await most.next()).json()).toMatchObject({ channels: many.slice(0, 100) });
    await most.close();
    await until(() => server.hub.connections.size === 0);
  });
});
