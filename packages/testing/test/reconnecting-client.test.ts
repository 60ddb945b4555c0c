import type { RequestListener, ServerResponse } from 'node:http';
import { createServer } from 'node:https';
import { describe, expect, it, onTestFinished } from 'vitest';
import { type ReconnectingClientOptions, reconnectingClient } from '../src/index.js';
import { serve, stream } from './serve.js';
import { certificate } from './tls.js';

// A server with a counter for its history: it sends the numbers behind the client's, `perConnection` at a time.
function counting(perConnection: number): RequestListener {
  return (request, response) => {
    const last = Number(request.headers['last-event-id'] ?? 0);
    stream(response);
    for (let id = last + 1; id <= last + perConnection; id++) response.write(`data: ${id}\nid: ${id}\n\n`);
  };
}

function open(url: string, options: ReconnectingClientOptions = {}) {
  const client = reconnectingClient(url, options);
  onTestFinished(() => client.close());
  return client;
}

const numbers = (count: number) => Array.from({ length: count }, (_, index) => String(index + 1));

describe('reconnectingClient', () => {
  it('resumes with Last-Event-ID after each end of the response', async () => {
    const { url } = await serve((request, response) => {
      counting(2)(request, response);
      response.end();
    });
    const client = open(url);
    const events = await client.take(6);
    expect(events.map(({ id }) => id)).toEqual(numbers(6));
    expect(client.requests.slice(0, 3)).toEqual([
      { lastEventId: '', status: 200 },
      { lastEventId: '2', status: 200 },
      { lastEventId: '4', status: 200 },
    ]);
  });

  it.each(['http', 'https'] as const)('resumes over %s after cuts by RST and FIN', async (protocol) => {
    const errors: (string | undefined)[] = [];
    const { url, allGone } = await serve(
      (request, response) => {
        counting(3)(request, response);
        request.socket.on('error', ({ code }: NodeJS.ErrnoException) => errors.push(code));
      },
      protocol === 'https' ? createServer(certificate) : undefined,
    );
    const client = open(url, { tls: { ca: certificate.cert } });
    await client.take(3);
    client.cut();
    expect(client.isConnected).toBe(false);
    await client.take(3);
    client.cut('end');
    await client.take(3);
    expect(client.events.map(({ data }) => data)).toEqual(numbers(9));
    await client.close();
    expect(await allGone()).toBe(0);
    expect(errors).toEqual(['ECONNRESET']);
  });

  it('sees nothing behind a cut at a byte', async () => {
    const { url } = await serve(counting(3));
    const client = open(url, { lastEventId: '10' });
    // The whole first event, and all of the second but its blank line.
    const length = 'data: 11\nid: 11\n\n'.length;
    client.cutAfter(2 * length - 1);
    const events = await client.take(4);
    expect(events.map(({ id }) => id)).toEqual(['11', '12', '13', '14']);
    expect(client.requests.map(({ lastEventId }) => lastEventId)).toEqual(['10', '11']);
    expect(() => client.cutAfter(0)).toThrow(RangeError);
  });

  it.each([
    ['204', 204, {}, 'status'],
    ['any status but 200', 503, {}, 'status'],
    ['a redirect', 307, { location: '/' }, 'status'],
    ['another content type', 200, { 'content-type': 'text/html' }, 'content-type'],
    ['a content type that only begins like it', 200, { 'content-type': 'text/event-streams' }, 'content-type'],
  ] as const)('gives up at %s', async (_name, status, headers, reason) => {
    const { url, allGone } = await serve((_request, response) => void response.writeHead(status, headers).end());
    const client = open(url);
    expect(await client.closed).toEqual({ reason, status });
    expect(client.requests).toHaveLength(1);
    await expect(client.next()).rejects.toThrow(`Cannot wait for an event: the client gave up: ${reason} ${status}`);
    expect(await allGone()).toBe(0);
  });

  it('sends its headers, and accepts parameters of the content type', async () => {
    const { url } = await serve((request, response) => {
      response.writeHead(200, { 'content-type': 'text/event-stream; charset=utf-8' });
      response.write(`data: ${request.headers.cookie} ${request.headers.accept}\n\n`);
    });
    const client = open(url, { headers: { cookie: 'user=1' } });
    expect((await client.next()).data).toBe('user=1 text/event-stream');
  });

  it('waits for a server that is not there yet', async () => {
    const first = await serve(() => {});
    await new Promise((closed) => first.server.close(closed));
    const client = open(first.url);
    await client.when(({ requests }) => requests.length === 3);
    first.server.removeAllListeners('request').on('request', counting(1));
    first.server.listen(Number(new URL(first.url).port), '127.0.0.1');
    expect((await client.next()).data).toBe('1');
    expect(client.requests.at(-2)).toEqual({ lastEventId: '', status: 0 });
  });

  it('connects no more after close()', async () => {
    const responses: ServerResponse[] = [];
    const { url, allGone } = await serve((_request, response) => void responses.push(stream(response)));
    const client = open(url);
    await client.when(({ isConnected }) => isConnected);
    await client.close();
    client.cut();
    await client.close();
    expect(await client.closed).toEqual({ reason: 'close', status: 200 });
    expect(await allGone()).toBe(0);
    expect(responses).toHaveLength(1);
  });

  it('tells in its failures how it stands', async () => {
    const { url } = await serve((_request, response) => void stream(response, 'data: a\nid: 1\n\n'));
    const client = open(url);
    await client.next();
    const more = client.take(2);
    await client.close();
    await expect(more).rejects.toThrow(
      `Cannot wait for 2 events: this side has closed the client. GET ${url}/, request 1 is given up. ` +
        'Received 1 event, 0 comments\n  1. message: a (id 1)',
    );
  });

  it('carries hundreds of clients in one process', async () => {
    const { url, allGone } = await serve(counting(2));
    const clients = Array.from({ length: 300 }, () => reconnectingClient(url, { timeoutMs: 20_000 }));
    await Promise.all(clients.map((client) => client.take(2)));
    for (const client of clients) client.cut();
    await Promise.all(clients.map((client) => client.take(2)));
    for (const { events } of clients) expect(events.map(({ id }) => id)).toEqual(numbers(4));
    await Promise.all(clients.map((client) => client.close()));
    expect(await allGone()).toBe(0);
  });
});
