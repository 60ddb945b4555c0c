/** The client and servers of node:http: what it asks for, and what it makes of the answers. */
import type { IncomingMessage, ServerResponse } from 'node:http';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { type ConnectOptions, connect, type EventStream } from '../src/index.js';
import { listen } from './kit/servers.js';

const WAIT = { timeout: 10_000, interval: 5 };
const STREAM = { 'content-type': 'text/event-stream' };

interface Seen {
  readonly method: string | undefined;
  readonly url: string | undefined;
  readonly headers: IncomingMessage['headers'];
  readonly body: string;
}

/** A server that answers each request by the next of `answers`, the last one for all that follow. */
async function serve(...answers: ((res: ServerResponse, req: IncomingMessage) => unknown)[]) {
  const seen: Seen[] = [];
  const server = await listen((req, res) => {
    let body = '';
    req.on('data', (bytes: Buffer) => {
      body += bytes;
    });
    req.on('end', () => {
      const { method, url, headers } = req;
      seen.push({ method, url, headers, body });
      answers[Math.min(seen.length, answers.length) - 1]?.(res, req);
    });
  });
  return { ...server, seen };
}

const stream =
  (text: string, end = false) =>
  (res: ServerResponse) => {
    res.writeHead(200, STREAM).write(text);
    if (end) res.end();
  };

function follow(url: string, options: ConnectOptions = {}): { stream: EventStream; seen: unknown[] } {
  const opened = connect(url, { backoffMs: 1, ...options });
  onTestFinished(() => opened.close());
  const seen: unknown[] = [];
  opened.on('message', ({ data }) => seen.push(data));
  return { stream: opened, seen };
}

describe('a request', () => {
  it('asks for an event stream, uncached, with what the protocol adds', async () => {
    const server = await serve(stream('data: 1\n\n'));
    const { seen } = follow(`${server.url}/news?channel=a`);
    await vi.waitUntil(() => seen.length > 0, WAIT);
    expect(server.seen[0]).toMatchObject({
      method: 'GET',
      url: '/news?channel=a&prev=1&refusal=status',
      headers: { accept: 'text/event-stream', 'cache-control': 'no-cache' },
      body: '',
    });
    expect(server.seen[0]?.headers).not.toHaveProperty('last-event-id');
  });

  it('carries headers, trace context, method and body', async () => {
    const server = await serve(stream('data: 1\n\n'));
    const { seen } = follow(server.url, {
      method: 'REPORT',
      body: '{"q":1}',
      headers: { authorization: 'Bearer x', accept: 'text/plain' },
      traceparent: () => '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01',
    });
    await vi.waitUntil(() => seen.length > 0, WAIT);
    expect(server.seen[0]).toMatchObject({
      method: 'REPORT',
      body: '{"q":1}',
      headers: {
        authorization: 'Bearer x',
        traceparent: '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01',
        accept: 'text/event-stream',
      },
    });
  });

  it('with a body is a POST, and so are those that follow', async () => {
    const server = await serve(stream('data: 1\nid: 5\n\n', true), stream('data: 2\n\n'));
    const { seen } = follow(server.url, { body: '{"q":1}', headers: { 'content-type': 'application/json' } });
    await vi.waitUntil(() => seen.length > 1, WAIT);
    expect(server.seen).toMatchObject([
      { method: 'POST', body: '{"q":1}', headers: { 'content-type': 'application/json' } },
      { method: 'POST', body: '{"q":1}', headers: { 'last-event-id': '5' } },
    ]);
  });

  it('begins at a given id', async () => {
    const server = await serve(stream('data: 1\n\n'));
    const { seen } = follow(server.url, { lastEventId: 'abc.7' });
    await vi.waitUntil(() => seen.length > 0, WAIT);
    expect(server.seen[0]?.headers['last-event-id']).toBe('abc.7');
  });

  it('follows redirects', async () => {
    const server = await serve(
      (res) => res.writeHead(307, { location: '/a' }).end(),
      (res) => res.writeHead(301, { location: '/b' }).end(),
      stream('data: 1\n\n'),
    );
    const { seen } = follow(server.url, { plain: true });
    await vi.waitUntil(() => seen.length > 0, WAIT);
    expect(server.seen.map(({ url }) => url)).toEqual(['/', '/a', '/b']);
  });
});

describe('reconnecting', () => {
  it('happens after the end, a reset, and half an event, which is not delivered', async () => {
    const server = await serve(
      stream('retry: 1\ndata: 1\nid: 1\n\n', true),
      (res) => {
        res.writeHead(200, STREAM).write('data: 2\nid: 2\n\ndata: 3\nid: 3\n');
        setImmediate(() => res.socket?.resetAndDestroy());
      },
      stream('data: 3\nid: 3\n\n'),
    );
    const { seen } = follow(server.url);
    await vi.waitUntil(() => seen.length >= 3, WAIT);
    expect(seen).toEqual([1, 2, 3]);
    expect(server.seen.map(({ headers }) => headers['last-event-id'])).toEqual([undefined, '1', '2']);
  });

  it('keeps the id over streams that have none, and forgets it at an empty one', async () => {
    const server = await serve(
      stream('data: 1\nid: 1\n\n', true),
      stream('data: 2\n\n', true),
      stream('id\ndata: 3\n\n', true),
      stream('data: 4\n\n'),
    );
    const { seen } = follow(server.url);
    await vi.waitUntil(() => seen.length >= 4, WAIT);
    expect(server.seen.map(({ headers }) => headers['last-event-id'])).toEqual([undefined, '1', '1', undefined]);
  });

  it('happens while nobody listens, and waits longer each time', async () => {
    const server = await serve(stream('data: 1\n\n'));
    const { port } = server;
    await server.stop();
    const { stream: client, seen } = follow(`http://127.0.0.1:${port}`);
    const errors: string[] = [];
    client.on('sse.error', ({ code }) => errors.push(code));
    await vi.waitUntil(() => errors.length >= 4, WAIT);
    expect(new Set(errors)).toEqual(new Set(['ERR_CLIENT_NETWORK']));
    expect(client.status.state).toBe('offline');
    await listen((_req, res) => stream('data: 2\n\n')(res), port);
    await vi.waitUntil(() => seen.length > 0, WAIT);
    expect(seen).toEqual([2]);
  });
});

describe('a bad server', () => {
  it('that sends an endless line ends the client with an error, and not the memory', async () => {
    const server = await serve((res) => {
      res.writeHead(200, STREAM);
      const write = () => {
        while (!res.destroyed && res.write('x'.repeat(65_536)));
      };
      res.on('drain', write);
      write();
    });
    const { stream: client } = follow(server.url);
    expect(await client.closed).toMatchObject({ reason: 'error', error: { code: 'ERR_CLIENT_TOO_LARGE' } });
    await vi.waitUntil(() => [...server.sockets].every(({ destroyed }) => destroyed), WAIT);
  });

  it.each([
    ['HTML', 'text/html', '<!doctype html><h1>502</h1>'],
    ['JSON', 'application/json', '{}'],
    ['something that sounds alike', 'text/event-streams', 'data: 1\n\n'],
    ['nothing', '', 'data: 1\n\n'],
  ])('that answers %s is an error, and tried again with patience', async (_what, type, body) => {
    const server = await serve((res) => res.writeHead(200, type ? { 'content-type': type } : {}).end(body));
    const { stream: client, seen } = follow(server.url, { backoffMs: 20 });
    const errors: string[] = [];
    client.on('sse.error', ({ code }) => errors.push(code));
    await vi.waitUntil(() => errors.length >= 3, WAIT);
    expect(new Set(errors)).toEqual(new Set(['ERR_CLIENT_CONTENT_TYPE']));
    expect(server.seen.length).toBeLessThanOrEqual(errors.length + 1);
    expect(seen).toEqual([]);
  });

  it.each(['text/event-stream', 'text/event-stream;charset=utf-8', 'TEXT/Event-Stream ; x=y', 'text/event-stream;'])(
    'is not one that answers %s',
    async (type) => {
      const server = await serve((res) => res.writeHead(200, { 'content-type': type }).write('data: 1\n\n'));
      const { seen } = follow(server.url);
      await vi.waitUntil(() => seen.length > 0, WAIT);
      expect(seen).toEqual([1]);
    },
  );

  it.each(['sse.open', 'sse.reset', 'sse.busy', 'sse.snapshot'])(
    'that sends a broken %s does no harm',
    async (name) => {
      const bad = ['nonsense', '{"channels":', 'null', '[]', '7', '{"channels":7}'];
      const server = await serve(
        ...bad.map((data) => stream(`event: ${name}\ndata: ${data}\n\n`, true)),
        stream('data: 1\n\n'),
      );
      const { seen } = follow(server.url);
      await vi.waitUntil(() => seen.length > 0, WAIT);
      expect(seen).toEqual([1]);
    },
  );
});
