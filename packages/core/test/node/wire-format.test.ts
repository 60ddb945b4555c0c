import * as http from 'node:http';
import { createGunzip, createGzip } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { joinBatch, textBatch } from '../../src/batch.js';
import {
  type Client,
  connect,
  connectHttp2,
  connectTls,
  dechunk,
  type Opened,
  PRELUDE,
  serve,
  serveHttp2,
  serveTls,
  until,
} from './wire.js';

const BATCHES = [
  textBatch('data: one\nid: a.1\n\n'),
  textBatch('data: \u20ac \ud83d\ude80\n\n'),
  joinBatch([textBatch('data: x\n\n').plain, textBatch(`data: ${'y'.repeat(70_000)}\n\n`).plain]),
  textBatch(':\n'),
];
const EXPECTED = Buffer.concat([PRELUDE, ...BATCHES].map(({ plain }) => plain)).toString('latin1');

/** Writes all batches to the first stream and ends it; returns the name of its sink. */
async function writeAll(stream: Promise<Opened>): Promise<string> {
  const { sink, kind } = await stream;
  for (const batch of BATCHES) expect(sink.write(batch)).toBe(true);
  sink.end(false);
  return kind;
}

/** Something that stands between the handler and Node's own `write`, as middleware does. */
function wrap(stream: Opened): void {
  const { res } = stream;
  const write = res.write as (...parameters: unknown[]) => boolean;
  res.write = ((...parameters: unknown[]) => write.apply(res, parameters)) as typeof res.write;
  stream.open();
}

async function bodyOverHttp2(port: number): Promise<() => Promise<string>> {
  const request = (await connectHttp2(port)).request({ ':path': '/' });
  const parts: Buffer[] = [];
  request.on('data', (part: Buffer) => parts.push(part));
  const ended = new Promise<void>((resolve) => request.once('end', () => resolve()));
  return async () => {
    await ended;
    return Buffer.concat(parts).toString('latin1');
  };
}

async function chunkedBody(client: Client): Promise<string> {
  await client.sees('\r\n0\r\n\r\n');
  return dechunk(client.body);
}

describe('every sink puts the same bytes on the wire', () => {
  it('as HTTP/1.1 chunks', async () => {
    const { port, stream } = await serve();
    const client = connect(port).request('GET / HTTP/1.1');
    expect(await writeAll(stream())).toBe('SocketSink');
    expect(await chunkedBody(client)).toBe(EXPECTED);
  });

  it('as an HTTP/1.0 body, which ends with its connection', async () => {
    const { port, stream } = await serve();
    const client = connect(port).request('GET / HTTP/1.0', ['Connection: keep-alive']);
    expect(await writeAll(stream())).toBe('SocketSink');
    const head = await client.head();
    expect(head).toContain('\r\nConnection: close\r\n');
    expect(head).not.toMatch(/transfer-encoding/i);
    await until(() => client.ended);
    expect(client.body).toBe(EXPECTED);
  });

  it('as an HTTP/1.1 body with chunking off', async () => {
    const { port, stream } = await serve((opened) => void opened.open({ headers: { 'transfer-encoding': undefined } }));
    const client = connect(port).request('GET / HTTP/1.1');
    expect(await writeAll(stream())).toBe('SocketSink');
    await until(() => client.ended);
    expect(client.body).toBe(EXPECTED);
  });

  it('as chunks over TLS', async () => {
    const { port, stream } = await serveTls();
    const client = connectTls(port).request('GET / HTTP/1.1');
    expect(await writeAll(stream())).toBe('SocketSink');
    expect(await chunkedBody(client)).toBe(EXPECTED);
  });

  it('as HTTP/2 data', async () => {
    const { port, stream } = await serveHttp2();
    const body = await bodyOverHttp2(port);
    expect(await writeAll(stream())).toBe('Http2Sink');
    expect(await body()).toBe(EXPECTED);
  });

  it('through a wrapped response', async () => {
    const { port, stream } = await serve(wrap);
    const client = connect(port).request('GET / HTTP/1.1');
    expect(await writeAll(stream())).toBe('ResponseSink');
    expect(await chunkedBody(client)).toBe(EXPECTED);
  });

  it('through a wrapped HTTP/2 response', async () => {
    const { port, stream } = await serveHttp2(wrap);
    const body = await bodyOverHttp2(port);
    expect(await writeAll(stream())).toBe('ResponseSink');
    expect(await body()).toBe(EXPECTED);
  });
});

describe('SocketSink on the wire', () => {
  it('sends head and first bytes in one write, and every batch in one more', async () => {
    const { port, stream } = await serve();
    const client = connect(port).request('GET / HTTP/1.1');
    const { sink, res } = await stream();
    const writes: string[] = [];
    const socket = res.socket!;
    const { write } = socket;
    socket.write = ((bytes: Uint8Array, ...rest: [undefined, undefined]) => {
      writes.push(Buffer.from(bytes).toString());
      return write.call(socket, bytes, ...rest);
    }) as typeof socket.write;
    await client.sees(':\n\r\n');
    expect(client.parts).toHaveLength(1);
    expect(client.body).toBe('e\r\nretry: 2000\n:\n\r\n');
    sink.write(textBatch('data: hello\n\n'));
    sink.end(false);
    await client.sees('0\r\n\r\n');
    expect(writes).toEqual(['d\r\ndata: hello\n\n\r\n', '0\r\n\r\n']);
    expect(client.body).toBe('e\r\nretry: 2000\n:\n\r\nd\r\ndata: hello\n\n\r\n0\r\n\r\n');
  });
});

describe('a compressing wrapper', () => {
  it('is written through and flushed, so that every batch arrives at once', async () => {
    const { port, stream } = await serve((opened) => {
      const { res } = opened;
      const gzip = createGzip();
      const [write, end] = [res.write, res.end] as unknown as [(part: Buffer) => boolean, () => void];
      gzip.on('data', (part: Buffer) => write.call(res, part));
      gzip.on('end', () => end.call(res));
      res.setHeader('content-encoding', 'gzip');
      Object.assign(res, {
        write: (part: Uint8Array) => gzip.write(part),
        end: () => gzip.end(),
        flush: () => gzip.flush(),
      });
      opened.open();
    });
    const gunzip = createGunzip();
    let text = '';
    gunzip.on('data', (part: Buffer) => {
      text += part.toString();
    });
    http.get({ port, agent: false }, (res) => res.pipe(gunzip));
    const opened = await stream();
    expect(opened.kind).toBe('ResponseSink');
    await until(() => text === 'retry: 2000\n:\n');
    opened.sink.write(textBatch('data: a\n\n'));
    await until(() => text === 'retry: 2000\n:\ndata: a\n\n');
    opened.sink.end(false);
    await until(() => gunzip.readableEnded && opened.ends === 1);
  });
});
