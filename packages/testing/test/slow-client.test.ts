import { once } from 'node:events';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { createServer } from 'node:https';
import { type AddressInfo, createServer as createTcpServer, type Server, type Socket } from 'node:net';
import { describe, expect, it, onTestFinished } from 'vitest';
import { type SlowClient, type SlowClientOptions, slowClient } from '../src/index.js';
import { serve, stream } from './serve.js';
import { certificate } from './tls.js';

interface Pair {
  readonly client: SlowClient;
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  readonly allGone: () => Promise<number>;
}

const PROTOCOLS = ['http', 'https'] as const;

async function pair(protocol: 'http' | 'https' = 'http', options: SlowClientOptions = {}): Promise<Pair> {
  let request: IncomingMessage | undefined;
  let response: ServerResponse | undefined;
  const { url, allGone } = await serve(
    (req, res) => {
      request = req;
      response = stream(res);
    },
    protocol === 'https' ? createServer(certificate) : undefined,
  );
  const client = await slowClient(url, { tls: { ca: certificate.cert }, ...options });
  onTestFinished(() => client.destroy());
  return { client, request: request!, response: response!, allGone };
}

describe.each(PROTOCOLS)('slowClient over %s', (protocol) => {
  it('reads the head, and then nothing until it is told to', async () => {
    const { client, response } = await pair(protocol);
    expect(client).toMatchObject({ status: 200, headers: { 'content-type': 'text/event-stream' } });
    expect(client.head).toMatch(/^HTTP\/1\.1 200 OK\r\n.*\r\n\r\n$/s);
    response.write('data: a\n\n');
    response.write('data: b\n\n');
    expect((await client.read(3)).toString()).toBe('9\r\n');
    expect((await client.read(9)).toString()).toBe('data: a\n\n');
    expect(client.events).toMatchObject([{ data: 'a' }]);
    client.resume();
    expect(await client.take(2)).toMatchObject([{ data: 'a' }, { data: 'b' }]);
  });

  it('makes the server wait, and then gets everything', async () => {
    const { client, response } = await pair(protocol);
    const line = `data: ${'x'.repeat(65_536)}\n\n`;
    let written = 0;
    // Whatever the kernel can buffer, this ends only because nobody reads.
    while (response.write(line) || response.socket!.writableLength < 1e6) {
      written += 1;
      await new Promise((resolve) => setImmediate(resolve));
      if (written === 2_000) throw new Error('the client has read on');
    }
    expect(client.events).toHaveLength(0);
    response.end('event: last\ndata:\n\n');
    client.resume();
    await client.until('last');
    expect(client.events).toHaveLength(written + 2);
    expect(await client.closed).toEqual({ reason: 'end' });
  });

  it('breaks with RST', async () => {
    const { client, response, allGone } = await pair(protocol);
    const error = once(response.socket!, 'error');
    client.destroy();
    expect(await error).toMatchObject([{ code: 'ECONNRESET' }]);
    expect(await client.closed).toEqual({ reason: 'close' });
    expect(await allGone()).toBe(0);
  });

  it('hangs up with FIN', async () => {
    const { client, response, allGone } = await pair(protocol);
    response.write(`data: ${'x'.repeat(1e6)}\n\n`);
    const { socket } = response;
    let code: string | undefined;
    socket!.on('error', (error: NodeJS.ErrnoException) => {
      code = error.code;
    });
    const ended = once(socket!, 'end');
    client.end();
    await ended;
    expect(await allGone()).toBe(0);
    expect(code).toBeUndefined();
    expect(await client.closed).toEqual({ reason: 'close' });
  });
});

describe('slowClient', () => {
  it('reads at most bytesPerRead in one turn', async () => {
    const { client, response } = await pair('http', { bytesPerRead: 1 });
    response.write('data: a\n\n');
    const sizes: number[] = [];
    const done = client.when(({ raw, events }) => {
      sizes.push(raw.length);
      return events.length === 1;
    });
    client.resume();
    await done;
    expect(sizes).toEqual([...sizes.keys()]);
  });

  it('stops at pause', async () => {
    const { client, response } = await pair();
    client.resume();
    response.write('data: a\n\n');
    await client.next();
    client.pause();
    response.write('data: b\n\n');
    expect((await client.read(6)).toString()).toBe('9\r\ndat');
    expect(client.events).toHaveLength(1);
  });

  it('still gives what had come before the connection broke', async () => {
    const response = 'HTTP/1.1 200 OK\r\n\r\ndata: a\n\n';
    const sockets: Socket[] = [];
    const server = createTcpServer((socket) => {
      sockets.push(socket);
      socket.write(response);
    });
    // Paced, so that reading it takes several turns.
    const client = await slowClient(await listening(server), { bytesPerRead: 4 });
    sockets[0]!.resetAndDestroy();
    expect(await client.closed).toMatchObject({ reason: 'cut', error: { code: 'ECONNRESET' } });
    expect(String(await client.read(9))).toBe('data: a\n\n');
    expect(client.events).toMatchObject([{ data: 'a' }]);
    await expect(client.read(1)).rejects.toThrow('Cannot wait for 1 byte: the connection broke (read ECONNRESET)');
  });

  it('speaks HTTP/1.0, with own method, headers and Last-Event-ID', async () => {
    const options = { method: 'POST', httpVersion: '1.0', headers: { 'X-Own': '1' }, lastEventId: 'a.7' } as const;
    const { client, request, response } = await pair('http', options);
    expect(request).toMatchObject({
      method: 'POST',
      httpVersion: '1.0',
      headers: { accept: 'text/event-stream', 'x-own': '1', 'last-event-id': 'a.7' },
    });
    response.end('data: a\n\n');
    client.resume();
    await client.closed;
    expect(client.raw.toString()).toBe('data: a\n\n');
  });

  it('serves reads in order, and fails those that the end leaves without bytes', async () => {
    const { client, response } = await pair();
    const reads = [client.read(3), client.read(9), client.read(100)];
    response.end('data: a\n\n');
    expect(String(await reads[0])).toBe('9\r\n');
    expect(String(await reads[1])).toBe('data: a\n\n');
    await expect(reads[2]).rejects.toThrow('Cannot wait for 100 bytes: the stream has ended. GET http://127.0.0.1');
    expect(() => client.read(-1)).toThrow(RangeError);
  });

  it('rejects where the connection fails, or the answer is not HTTP', async () => {
    await expect(slowClient('http://127.0.0.1:1/')).rejects.toThrow('the connection broke (connect ECONNREFUSED');
    await expect(slowClient('ftp://127.0.0.1/')).rejects.toThrow('only http: and https: URLs');
    await expect(slowClient('http://127.0.0.1/', { bytesPerRead: 0 })).rejects.toThrow(
      'bytesPerRead must be at least 1',
    );
    const server = createTcpServer((socket) => socket.on('error', () => {}).end('hello\r\n\r\n'));
    await expect(slowClient(await listening(server))).rejects.toThrow('its first line is "hello"');
  });

  it('rejects without a head in time', async () => {
    const { url, allGone } = await serve(() => {});
    const waiting = slowClient(url, { timeoutMs: 20 });
    await expect(waiting).rejects.toThrow(`Waited 20 ms in vain for the head of GET ${url}/.`);
    expect(await allGone()).toBe(0);
  });
});

async function listening(server: Server): Promise<string> {
  server.listen(0, '127.0.0.1');
  onTestFinished(() => void server.close());
  await once(server, 'listening');
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}
