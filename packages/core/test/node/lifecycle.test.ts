import type * as http from 'node:http';
import { describe, expect, it, vi } from 'vitest';
import { textBatch } from '../../src/batch.js';
import { type Client, connect, connectTls, dechunk, type Opened, serve, serveTls, until } from './wire.js';

const HELLO = textBatch('data: hello\n\n');
const LAST_CHUNK = '\r\n0\r\n\r\n';

/** Answers `/plain` at once, and opens a stream for everything else. */
function plainOrStream(stream: Opened): void {
  if (stream.req.url === '/plain') (stream.res as http.ServerResponse).end('plain');
  else stream.open();
}

function wrapped(stream: Opened): void {
  const { res } = stream;
  const write = res.write as (bytes: Uint8Array) => boolean;
  res.write = ((bytes: Uint8Array) => write.call(res, bytes)) as typeof res.write;
  plainOrStream(stream);
}

/** Sends `GET /plain` on the same connection and checks that exactly its answer comes. */
async function expectKeptAlive(client: Client): Promise<void> {
  client.clear();
  client.request('GET /plain HTTP/1.1');
  await client.sees('plain');
  expect(client.text).toMatch(/^HTTP\/1.1 200 OK\r\n/);
  expect(client.body).toBe('plain');
}

describe.each([
  ['SocketSink', plainOrStream],
  ['ResponseSink', wrapped],
])('%s', (kind, handler) => {
  const start = async () => {
    const host = await serve(handler);
    const client = connect(host.port).request('GET / HTTP/1.1');
    const stream = await host.stream();
    await client.sees('\n:\n');
    expect(stream.kind).toBe(kind);
    return { ...host, client, opened: stream, sink: stream.sink };
  };

  it('keeps the connection alive after end', async () => {
    const { client, opened, sink } = await start();
    sink.write(HELLO);
    sink.end(false);
    expect(sink.write(HELLO)).toBe(false);
    await client.sees(LAST_CHUNK);
    expect(dechunk(client.body)).toBe('retry: 2000\n:\ndata: hello\n\n');
    await until(() => opened.ends === 1);
    await expectKeptAlive(client);
    expect(sink.write(HELLO)).toBe(false);
    sink.end(true);
    sink.destroy();
    await expectKeptAlive(client);
    expect(opened.ends).toBe(1);
  });

  it('closes the connection after end(true), when everything has arrived', async () => {
    const { client, opened, sink, server } = await start();
    const closed = new Promise<void>((resolve) => server.close(() => resolve()));
    client.socket.pause();
    for (let i = 0; i < 100; i += 1) sink.write(textBatch(`data: ${'x'.repeat(100_000)}\n\n`));
    sink.end(true);
    client.socket.resume();
    await closed;
    await until(() => client.closed);
    expect(client.error).toBeUndefined();
    expect(dechunk(client.body)).toHaveLength('retry: 2000\n:\n'.length + 100 * 100_008);
    expect(opened.ends).toBe(1);
  });

  it('sees in the next write that someone else ended the response', async () => {
    const { client, opened, sink } = await start();
    opened.res.end();
    expect(sink.write(HELLO)).toBe(false);
    expect(opened.ends).toBe(1);
    expect(sink.write(HELLO)).toBe(false);
    await client.sees(LAST_CHUNK);
    expect(dechunk(client.body)).toBe('retry: 2000\n:\n');
    await expectKeptAlive(client);
    expect(opened.ends).toBe(1);
  });

  it('hears without a write that someone else ended the response', async () => {
    const { client, opened, sink } = await start();
    opened.res.end();
    await until(() => opened.ends === 1);
    expect(sink.write(HELLO)).toBe(false);
    await expectKeptAlive(client);
  });

  it('writes nothing into the stream that has its connection now', async () => {
    const { client, opened, sink, stream } = await start();
    opened.res.end();
    await client.sees(LAST_CHUNK);
    client.clear();
    client.request('GET / HTTP/1.1');
    const next = await stream(1);
    expect(sink.write(HELLO)).toBe(false);
    sink.end(true);
    sink.destroy();
    expect(sink.pendingBytes).toBe(0);
    expect(next.sink.write(textBatch('data: next\n\n'))).toBe(true);
    await client.sees('next');
    expect(dechunk(client.body)).toBe('retry: 2000\n:\ndata: next\n\n');
    expect(client.closed).toBe(false);
  });

  it('sees in the next write that someone else destroyed the response', async () => {
    const { client, opened, sink } = await start();
    (opened.res as http.ServerResponse).destroy();
    expect(sink.write(HELLO)).toBe(false);
    expect(opened.ends).toBe(1);
    await until(() => client.closed);
    expect(client.text).not.toContain('hello');
    expect(opened.ends).toBe(1);
  });

  it('is gone once the client closes or resets its connection', async () => {
    const { client, opened, sink, port, stream } = await start();
    client.socket.end();
    await until(() => opened.ends === 1);
    expect(sink.write(HELLO)).toBe(false);
    expect(opened.transport.isAlive).toBe(false);
    const other = connect(port).request('GET / HTTP/1.1');
    const second = await stream(1);
    other.socket.resetAndDestroy();
    await until(() => second.ends === 1);
    sink.destroy();
    second.sink.destroy();
    expect([opened.ends, second.ends]).toEqual([1, 1]);
  });

  it('survives that writes fail before the end of the connection is known', async () => {
    const { client, opened, sink } = await start();
    client.socket.resetAndDestroy();
    const big = textBatch(`data: ${'x'.repeat(1_000_000)}\n\n`);
    await until(() => !sink.write(big));
    await until(() => opened.ends === 1);
  });

  it('resets the connection on destroy, and drops what is pending', async () => {
    const { client, opened, sink } = await start();
    client.socket.pause();
    for (let i = 0; i < 200; i += 1) sink.write(textBatch(`data: ${'x'.repeat(100_000)}\n\n`));
    expect(sink.pendingBytes).toBeGreaterThan(0);
    const reset = vi.spyOn(opened.res.socket!, 'resetAndDestroy');
    sink.destroy();
    expect(reset).toHaveBeenCalledOnce();
    expect(sink.write(HELLO)).toBe(false);
    await until(() => opened.ends === 1);
    client.socket.resume();
    await until(() => client.closed);
    expect(client.text.length).toBeLessThan(200 * 100_000);
    expect(client.text).not.toContain(LAST_CHUNK);
  });

  it('answers HEAD with the head alone, and keeps the connection alive', async () => {
    const { port, stream } = await serve((started) => {
      handler(started);
      // Not before whoever opens it has its sink.
      expect(started.ends).toBe(0);
    });
    const client = connect(port).request('HEAD / HTTP/1.1');
    const opened = await stream();
    expect(opened.transport.isHead).toBe(true);
    expect(opened.sink.write(HELLO)).toBe(false);
    await until(() => opened.ends === 1);
    expect(await client.head()).toContain('\r\ncontent-type: text/event-stream\r\n');
    expect(client.body).toBe('');
    await expectKeptAlive(client);
    expect(opened.ends).toBe(1);
  });

  it('leaves no listener behind after 1,000 streams on one connection', async () => {
    const { client, opened, sink, port, stream } = await start();
    const socket = opened.req.socket;
    sink.end(false);
    await client.sees(LAST_CHUNK);
    const count = () => socket.eventNames().map((name) => `${String(name)} ${socket.listenerCount(name)}`);
    await expectKeptAlive(client);
    const before = count();
    for (let i = 2; i < 1002; i += 1) {
      client.clear();
      client.request('GET / HTTP/1.1');
      const next = await stream(i);
      if (i % 2 === 0) next.sink.end(false);
      else next.res.end();
      await client.sees(LAST_CHUNK);
      expect(next.res.listenerCount('drain') + next.res.listenerCount('close')).toBeLessThan(3);
    }
    await expectKeptAlive(client);
    expect(count()).toEqual(before);
    expect(port).toBe(socket.localPort);
  });
});

describe('over TLS', () => {
  it('a stream ends, is reset, and keeps its connection alive like any other', async () => {
    const { port, stream } = await serveTls(plainOrStream);
    const client = connectTls(port).request('GET / HTTP/1.1');
    (await stream(0)).sink.end(false);
    await client.sees(LAST_CHUNK);
    await expectKeptAlive(client);
    client.clear();
    client.request('GET / HTTP/1.1');
    const third = await stream(2);
    await client.sees('\n:\n');
    third.sink.destroy();
    await until(() => client.closed && third.ends === 1);
    const other = connectTls(port).request('GET / HTTP/1.1');
    const fourth = await stream(3);
    fourth.sink.write(HELLO);
    fourth.sink.end(true);
    await until(() => other.ended && fourth.ends === 1);
    expect(dechunk(other.body)).toBe('retry: 2000\n:\ndata: hello\n\n');
  });
});
