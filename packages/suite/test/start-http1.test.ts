/** B10, B13, B14, B15 and pipelining: what only HTTP/1.x has, on the wire and with npm's EventSource. */

import { once } from 'node:events';
import { slowClient } from '@headwater/testing';
import { EventSource } from 'eventsource';
import { expect, it, onTestFinished } from 'vitest';
import { pem } from './kit/certificate.js';
import { HTTP1_LEGS, PLAIN_LEGS } from './kit/legs.js';
import { onEach } from './kit/on-each.js';
import { raw } from './kit/raw.js';
import { serve, share } from './kit/served.js';
import { DEADLINE_MS, until } from './kit/wait.js';

onEach(HTTP1_LEGS, (leg) => {
  const server = share(leg);

  it('B10 streams to a client of HTTP/1.0 without chunks, and closes the connection at the end', async () => {
    const path = server().route(async (connection) => {
      await connection.subscribe('old');
      await connection.closed;
    });
    const client = await slowClient(server().url(path), {
      httpVersion: '1.0',
      timeoutMs: DEADLINE_MS,
      tls: { ca: pem },
    });
    client.resume();
    expect(client.headers).not.toHaveProperty('transfer-encoding');
    await client.until('sse.open');
    await server().hub.publish('old', 'one');
    expect(await client.next()).toMatchObject({ data: 'one' });
    await server().hub.publish('old', 'two');
    expect(await client.next()).toMatchObject({ data: 'two' });
    server().hub.disconnect({ channel: 'old' }, 'server');
    expect(await client.closed).toEqual({ reason: 'end' });
    expect(client.raw.toString()).toMatch(/^retry: 2000\n:\nevent: sse\.open\n/);
  });

  it('B12 opens a stream without any Accept', async () => {
    const path = server().route((connection) => connection.send('here'));
    const { received } = await raw(server(), [`GET ${path} HTTP/1.1`, 'Host: x']);
    await received.when(({ text }) => text.includes('data: here\n\n'));
    expect(received.text).toMatch(/^HTTP\/1.1 200 OK\r\n/);
  });

  it.each([
    ['a malformed Host', (path: string) => [`GET ${path} HTTP/1.1`, 'Host: [']],
    ['an empty Host', (path: string) => [`GET ${path} HTTP/1.1`, 'Host:']],
    ['an absolute target', (path: string) => [`GET http://example.test${path} HTTP/1.1`, 'Host: x']],
    ['a target of two slashes', () => ['GET // HTTP/1.1', 'Host: x']],
    ['a target that is no address', () => ['GET //[?lastEventId=x HTTP/1.1', 'Host: x']],
    ['a target like a host', () => ['GET //evil.test/..//?channel=a HTTP/1.1', 'Host: x']],
    ['a query that is no query', (path: string) => [`GET ${path}?%zz&=&&lastEventId=%E0%A4%A HTTP/1.1`, 'Host: x']],
  ])('B13 opens a stream for %s', async (_name, lines) => {
    server().fallback = (connection) => connection.subscribe('news');
    const path = server().route((connection) => connection.subscribe('news'));
    const { received } = await raw(server(), lines(path));
    await received.when(({ text }) => text.includes('event: sse.open'));
    expect(received.text).toMatch(/^HTTP\/1.1 200 OK\r\n/);
  });

  it.each([
    ['a path that cannot be decoded', ['GET /%zz HTTP/1.1', 'Host: x']],
    ['no target', ['GET  HTTP/1.1', 'Host: x']],
    ['a control character in a header', ['GET / HTTP/1.1', 'Host: x', 'Last-Event-ID: a\u0000b']],
    ['a header without a colon', ['GET / HTTP/1.1', 'Host: x', 'Last-Event-ID']],
  ])('B13 survives %s', async (_name, lines) => {
    server().fallback = (connection) => connection.subscribe('news');
    const { received, socket } = await raw(server(), lines);
    await received.when(({ text }) => text.includes('\r\n\r\n'));
    expect(received.text).toMatch(/^HTTP\/1.1 [24]/);
    socket.destroy();
    const next = await server().open((connection) => connection.send('alive'));
    expect(await next.next()).toMatchObject({ data: 'alive' });
    await next.close();
  });

  it('streams to a request that was pipelined behind another, once that one has ended', async () => {
    const own = await serve(leg);
    const first = own.route((connection) => connection.send('first'));
    const second = own.route((connection) => connection.send('second'));
    const { received } = await raw(own, [`GET ${first} HTTP/1.1`, 'Host: x', '', `GET ${second} HTTP/1.1`, 'Host: x']);
    await received.when(({ text }) => text.includes('data: first\n\n'));
    own.record.opens[0]?.close();
    await received.when(({ text }) => text.includes('data: second\n\n'));
    expect(received.text.match(/HTTP\/1.1 200 OK/g)).toHaveLength(2);
  });

  it('has nobody to stream to where the client leaves before a pipelined request has its turn', async () => {
    const own = await serve(leg);
    const path = own.route((connection) => connection.subscribe('news'));
    const { received, socket } = await raw(own, [
      `GET ${path} HTTP/1.1`,
      'Host: x',
      '',
      `GET ${path} HTTP/1.1`,
      'Host: x',
    ]);
    await received.when(({ text }) => text.includes('event: sse.open'));
    await until(() => own.record.opens.length === 2);
    socket.destroy();
    await until(() => own.hub.connections.size === 0);
    expect(own.record.closes).toMatchObject([{ reason: 'client' }, { reason: 'client' }]);
    expect(own.record.errors).toEqual([]);
  });

  it('serves the next request on a connection whose stream has ended', async () => {
    const path = server().route((connection) => {
      void connection.send('whole');
      connection.close();
    });
    const { received, socket } = await raw(server(), [`GET ${path} HTTP/1.1`, 'Host: x']);
    await received.when(({ text }) => text.endsWith('0\r\n\r\n'));
    const length = received.text.length;
    socket.write(`GET ${path} HTTP/1.1\r\nHost: x\r\n\r\n`);
    await received.when(({ text }) => text.length > length && text.endsWith('0\r\n\r\n'));
    expect(received.text.match(/HTTP\/1.1 200 OK/g)).toHaveLength(2);
    expect(socket.destroyed).toBe(false);
  });
});

onEach(PLAIN_LEGS, (leg) => {
  const source = (url: string): EventSource => {
    const events = new EventSource(url);
    onTestFinished(() => events.close());
    return events;
  };

  it('B14 tells EventSource by a 204 not to come back', async () => {
    const server = await serve(leg);
    let requests = 0;
    const path = server.route((connection, context) => {
      requests++;
      if (requests > 1) return context.answer(204);
      connection.open({ retryMs: 250 });
      void connection.send('only');
      return connection.close();
    });
    const events = source(server.url(path));
    const [message] = (await once(events, 'message')) as [MessageEvent];
    expect(message.data).toBe('only');
    await once(events, 'error');
    await once(events, 'error');
    expect(requests).toBe(2);
    expect(events.readyState).toBe(events.CLOSED);
  });

  it.each([301, 307])('B15 can be reached through a %i', async (status) => {
    const server = await serve(leg);
    const target = server.route((connection) => connection.send('there'));
    const events = source(server.url((_connection, context) => context.redirect(status, target)));
    const [message] = (await once(events, 'message')) as [MessageEvent];
    expect(message.data).toBe('there');
  });

  it('resumes npm EventSource from the id of the first event, with everything that came meanwhile', async () => {
    const server = await serve(leg);
    const path = server.route(async (connection) => {
      connection.open({ retryMs: 250 });
      await connection.subscribe('news');
    });
    const events = source(server.url(path));
    await once(events, 'sse.open');
    server.hub.disconnect(() => true, 'server');
    await server.hub.publish('news', 'one');
    await server.hub.publish('news', 'two');
    const seen: string[] = [];
    await new Promise<void>((done) => {
      events.addEventListener('message', ({ data }) => {
        if (seen.push(data as string) === 2) done();
      });
    });
    expect(seen).toEqual(['one', 'two']);
  });
});
