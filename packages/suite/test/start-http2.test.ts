/** B9: what HTTP/2 forbids, and several streams on one session. */
import { expect, it, onTestFinished } from 'vitest';
import { HTTP2_LEGS } from './kit/legs.js';
import { onEach } from './kit/on-each.js';
import { serve } from './kit/served.js';
import { until } from './kit/wait.js';

onEach(HTTP2_LEGS, (leg) => {
  it('B9 sends no header of HTTP/1.1, and causes no warning', async () => {
    const warnings: Error[] = [];
    const listener = (warning: Error) => void warnings.push(warning);
    process.on('warning', listener);
    onTestFinished(() => void process.off('warning', listener));
    const server = await serve(leg);
    const stream = await server.open((connection) => connection.subscribe('news'));
    for (const name of ['connection', 'keep-alive', 'transfer-encoding', 'upgrade', 'proxy-connection']) {
      expect(stream.headers).not.toHaveProperty(name);
    }
    await server.hub.publish('news', 'x');
    expect(await stream.take(2)).toMatchObject([{ event: 'sse.open' }, { data: 'x' }]);
    await stream.close();
    await until(() => server.record.closes.length === 1);
    expect(warnings).toEqual([]);
  });

  it('B9 removes such headers where open is given them', async () => {
    const server = await serve(leg);
    const stream = await server.open((connection) => {
      connection.open({ headers: { connection: 'keep-alive', 'keep-alive': 'timeout=5', 'x-own': 'yes' } });
    });
    expect(stream.headers).toMatchObject({ 'x-own': 'yes' });
    expect(stream.headers).not.toHaveProperty('connection');
    expect(stream.headers).not.toHaveProperty('keep-alive');
  });

  it('B9 carries many streams on one session, each of which ends alone', async () => {
    const server = await serve(leg);
    const path = server.route((connection) => connection.subscribe('news'));
    const streams = await Promise.all(Array.from({ length: 20 }, () => server.open(path)));
    await Promise.all(streams.map((stream) => stream.until('sse.open')));
    expect(server.sockets.size).toBe(1);
    await server.hub.publish('news', 'all');
    await Promise.all(streams.map((stream) => stream.until(({ data }) => data === 'all')));
    const [first, second, ...others] = streams;
    await first?.close();
    const [, connection] = server.record.opens;
    connection?.close();
    await second?.closed;
    await until(() => server.hub.connections.size === 18);
    await server.hub.publish('news', 'rest');
    await Promise.all(others.map((stream) => stream.until(({ data }) => data === 'rest')));
    expect(server.record.closes.map(({ reason }) => reason).toSorted()).toEqual(['client', 'server']);
  });

  it('B9 keeps a session while other streams live on it, though one of them was sent away', async () => {
    const server = await serve(leg);
    const path = server.route((connection) => connection.subscribe('news'));
    const [one, two] = [await server.open(path), await server.open(path)];
    await Promise.all([one.until('sse.open'), two.until('sse.open')]);
    const { session } = server.http2;
    const [first, second] = server.record.opens;
    first?.close({ reason: 'shutdown' });
    expect(await one.closed).toEqual({ reason: 'end' });
    const three = await server.open(path);
    await three.until('sse.open');
    expect([server.sockets.size, session.closed, two.isOpen]).toEqual([1, false, true]);
    second?.close({ reason: 'shutdown' });
    server.record.opens[2]?.close({ reason: 'shutdown' });
    await until(() => session.closed);
  });
});
