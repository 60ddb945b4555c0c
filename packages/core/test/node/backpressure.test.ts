import type { Readable } from 'node:stream';
import { describe, expect, it } from 'vitest';
import { textBatch } from '../../src/batch.js';
import { connect, connectHttp2, connectTls, type Opened, serve, serveHttp2, serveTls, until } from './wire.js';

const BIG = textBatch(`data: ${'x'.repeat(65_527)}\n\n`);
const SMALL = textBatch(`data: ${'x'.repeat(991)}\n\n`);

interface Paused {
  readonly opened: Opened;
  readonly reader: Readable;
}

function wrapped(stream: Opened): void {
  const { res } = stream;
  const write = res.write as (bytes: Uint8Array) => boolean;
  res.write = ((bytes: Uint8Array) => write.call(res, bytes)) as typeof res.write;
  stream.open();
}

/** A stream whose client has the head and does not read on, for each way to the client. */
const ways: [string, () => Promise<Paused>][] = [
  [
    'SocketSink',
    async () => {
      const { port, stream } = await serve();
      const client = connect(port).request('GET / HTTP/1.1');
      await client.sees('\n:\n');
      return { opened: await stream(), reader: client.socket.pause() };
    },
  ],
  [
    'SocketSink over TLS',
    async () => {
      const { port, stream } = await serveTls();
      const client = connectTls(port).request('GET / HTTP/1.1');
      await client.sees('\n:\n');
      return { opened: await stream(), reader: client.socket.pause() };
    },
  ],
  [
    'Http2Sink',
    async () => {
      const { port, stream } = await serveHttp2();
      const request = (await connectHttp2(port)).request({ ':path': '/' });
      request.pause();
      return { opened: await stream(), reader: request };
    },
  ],
  [
    'ResponseSink',
    async () => {
      const { port, stream } = await serve(wrapped);
      const client = connect(port).request('GET / HTTP/1.1');
      await client.sees('\n:\n');
      return { opened: await stream(), reader: client.socket.pause() };
    },
  ],
];

describe.each(ways)('%s with a client that does not read', (name, start) => {
  it('counts what is pending, and reports once that it has left', async () => {
    const { opened, reader } = await start();
    const { sink } = opened;
    expect(name).toContain(opened.kind);
    await until(() => sink.pendingBytes === 0);
    let written = 0;
    while (sink.pendingBytes < 4_000_000 && written < 100_000_000) {
      expect(sink.write(BIG)).toBe(true);
      written += BIG.size;
      // Lets the operating system take what it will.
      await new Promise<void>((resolve) => setImmediate(resolve));
    }
    expect(sink.pendingBytes).toBeGreaterThanOrEqual(4_000_000);
    expect(sink.pendingBytes).toBeLessThanOrEqual(written + 10 * Math.ceil(written / BIG.size));
    const before = opened.drains;
    let read = 0;
    reader.on('data', (part: Buffer) => {
      read += part.length;
    });
    reader.resume();
    await until(() => opened.drains > before);
    expect(opened.drains).toBe(before + 1);
    expect(sink.pendingBytes).toBe(0);
    await until(() => read >= written);
    expect(opened.ends).toBe(0);
    expect(sink.write(SMALL)).toBe(true);
  });

  it('reports that even a little has left', async () => {
    const { opened, reader } = await start();
    const { sink } = opened;
    await until(() => sink.pendingBytes === 0);
    while (sink.pendingBytes === 0) {
      sink.write(SMALL);
      await new Promise<void>((resolve) => setImmediate(resolve));
    }
    expect(sink.pendingBytes).toBeLessThan(opened.kind === 'ResponseSink' ? 100_000 : 16_384);
    const before = opened.drains;
    reader.on('data', () => {});
    reader.resume();
    await until(() => opened.drains === before + 1 && sink.pendingBytes === 0);
  });

  it('can be ended: the rest arrives', async () => {
    const { opened, reader } = await start();
    for (let i = 0; i < 100; i += 1) opened.sink.write(BIG);
    opened.sink.end(true);
    const drains = opened.drains;
    expect(opened.sink.pendingBytes).toBeGreaterThan(0);
    let read = 0;
    reader.on('data', (part: Buffer) => {
      read += part.length;
    });
    reader.resume();
    await until(() => opened.sink.pendingBytes === 0);
    await until(() => reader.readableEnded && opened.ends === 1);
    expect(read).toBeGreaterThanOrEqual(100 * BIG.size);
    expect(opened.drains).toBe(drains);
  });

  it('can be destroyed: gone at once', async () => {
    const { opened } = await start();
    for (let i = 0; i < 100; i += 1) opened.sink.write(BIG);
    opened.sink.destroy();
    const drains = opened.drains;
    await until(() => opened.ends === 1);
    expect(opened.sink.write(SMALL)).toBe(false);
    expect(opened.drains).toBe(drains);
  });
});
