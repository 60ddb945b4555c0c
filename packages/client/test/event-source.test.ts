import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { EventSource, type EventSourceInit } from '../src/event-source/index.js';
import { control, FakeServer, openFrame } from './kit/fake-server.js';
import { listen } from './kit/servers.js';

function open(server: FakeServer, init: EventSourceInit = {}) {
  const source = new EventSource('http://server.test/stream', { ...server.options, ...init });
  onTestFinished(() => source.close());
  const seen: unknown[] = [];
  for (const type of ['open', 'error', 'message', 'named']) {
    source.addEventListener(type, (event) => {
      const { data, lastEventId } = event;
      seen.push(data === undefined ? [type, source.readyState] : [type, data, lastEventId]);
    });
  }
  return { source, seen };
}

describe('EventSource', () => {
  it('has the members of the standard', () => {
    const { source } = open(new FakeServer());
    expect([EventSource.CONNECTING, EventSource.OPEN, EventSource.CLOSED]).toEqual([0, 1, 2]);
    expect([source.CONNECTING, source.OPEN, source.CLOSED]).toEqual([0, 1, 2]);
    expect(source.readyState).toBe(0);
    expect(source.url).toBe('http://server.test/stream');
    expect(source.withCredentials).toBe(false);
    expect([source.onopen, source.onmessage, source.onerror]).toEqual([null, null, null]);
    expect(source).toBeInstanceOf(EventTarget);
  });

  it('opens, receives, reconnects, and closes', async () => {
    const server = new FakeServer();
    const { source, seen } = open(server);
    await server.settle();
    expect(server.last.url.href).toBe('http://server.test/stream');
    await server.last.open();
    expect(source.readyState).toBe(1);
    await server.last.write('data: {"a":1}\nid: 1\n\nevent: named\ndata: b\n\n');
    await server.last.end();
    expect(source.readyState).toBe(0);
    await server.pass(1);
    expect(server.last.headers.get('last-event-id')).toBe('1');
    await server.last.open('data: c\n\n');
    source.close();
    expect(source.readyState).toBe(2);
    await server.pass(10_000);
    expect(server.requests).toHaveLength(2);
    expect(seen).toEqual([
      ['open', 1],
      ['message', '{"a":1}', '1'],
      ['named', 'b', '1'],
      ['error', 0],
      ['open', 1],
      ['message', 'c', '1'],
    ]);
  });

  it('calls the handlers, which can be replaced and removed', async () => {
    const server = new FakeServer();
    const { source } = open(server);
    const seen: string[] = [];
    source.onopen = () => void seen.push('open');
    source.onmessage = () => void seen.push('replaced');
    source.onmessage = function (event) {
      expect(this).toBe(source);
      seen.push(event.data);
    };
    await server.settle();
    await server.last.open('data: a\n\n');
    source.onmessage = null;
    expect(source.onmessage).toBeNull();
    await server.last.write('data: b\n\n');
    expect(seen).toEqual(['open', 'a']);
  });

  it.each([204, 301, 400, 401, 404])('fails for good at a %i', async (status) => {
    const server = new FakeServer();
    const { source, seen } = open(server);
    await server.settle();
    await server.last.answer(status);
    await server.pass(10_000);
    expect(source.readyState).toBe(2);
    expect(server.requests).toHaveLength(1);
    expect(seen).toEqual([['error', 2]]);
  });

  it('fails for good at another content type', async () => {
    const server = new FakeServer();
    const { source, seen } = open(server);
    await server.settle();
    await server.last.answer(200, { 'content-type': 'text/html' });
    expect(source.readyState).toBe(2);
    expect(seen).toEqual([['error', 2]]);
  });

  it.each([429, 502, 503])('comes back after a %i, for which a native one gives up', async (status) => {
    const server = new FakeServer();
    const { source, seen } = open(server);
    await server.settle();
    await server.last.answer(status);
    await server.pass(1);
    await server.last.open();
    expect(source.readyState).toBe(1);
    expect(seen).toEqual([
      ['error', 0],
      ['open', 1],
    ]);
  });

  it('sees the events of the protocol as any other', async () => {
    const server = new FakeServer();
    const { source } = open(server);
    const seen: string[] = [];
    source.addEventListener('sse.ping', ({ data }) => seen.push(data));
    await server.settle();
    await server.last.open(openFrame({ heartbeatMs: 0 }) + control('ping', { time: 1 }, 'e.1'));
    expect(seen).toEqual(['{"time":1}']);
  });

  it('throws a SyntaxError for what is no URL', () => {
    expect(() => new EventSource('http://')).toThrow(expect.objectContaining({ name: 'SyntaxError' }));
  });

  it('gives events the origin of where redirects have led, and sends cookies as asked', async () => {
    const server = await listen((req, res) => {
      if (req.url === '/') return void res.writeHead(302, { location: `http://127.0.0.1:${server.port}/there` }).end();
      res.writeHead(200, { 'content-type': 'text/event-stream' }).write('data: a\n\n');
    });
    const source = new EventSource(`http://localhost:${server.port}/`, { withCredentials: true });
    onTestFinished(() => source.close());
    const origins: string[] = [];
    source.addEventListener('message', ({ origin }) => origins.push(origin));
    await vi.waitUntil(() => origins.length > 0);
    expect(origins).toEqual([`http://127.0.0.1:${server.port}`]);
    expect(source.withCredentials).toBe(true);
  });
});
