import type { ClientHttp2Session, ClientHttp2Stream, Http2ServerResponse } from 'node:http2';
import { describe, expect, it } from 'vitest';
import { textBatch } from '../../src/batch.js';
import { connectHttp2, type Opened, serveHttp2, until } from './wire.js';

const HELLO = textBatch('data: hello\n\n');
const HEAD = 'retry: 2000\n:\n';

interface Received {
  readonly request: ClientHttp2Stream;
  text: string;
  ended: boolean;
  closed: boolean;
}

function get(session: ClientHttp2Session, method = 'GET'): Received {
  const request = session.request({ ':path': '/', ':method': method });
  const received: Received = { request, text: '', ended: false, closed: false };
  request.on('error', () => {});
  request.on('data', (part: Buffer) => {
    received.text += part.toString();
  });
  request.on('end', () => {
    received.ended = true;
  });
  request.on('close', () => {
    received.closed = true;
  });
  return received;
}

function wrapped(stream: Opened): void {
  const { res } = stream;
  const write = res.write as (bytes: Uint8Array) => boolean;
  res.write = ((bytes: Uint8Array) => write.call(res, bytes)) as typeof res.write;
  stream.open();
}

describe.each([
  ['Http2Sink', undefined],
  ['ResponseSink', wrapped],
])('%s over HTTP/2', (kind, handler) => {
  const start = async () => {
    const host = await serveHttp2(handler);
    const session = await connectHttp2(host.port);
    const received = get(session);
    const opened = await host.stream();
    await until(() => received.text === HEAD);
    expect(opened.kind).toBe(kind);
    return { ...host, session, received, opened, sink: opened.sink };
  };

  it('carries two streams on one session, which end apart', async () => {
    const { session, received, opened, stream, sink } = await start();
    const other = get(session);
    const second = await stream(1);
    sink.write(HELLO);
    second.sink.write(HELLO);
    await until(() => received.text === `${HEAD}data: hello\n\n` && other.text === received.text);
    sink.end(true);
    await until(() => received.ended && opened.ends === 1);
    expect(sink.write(HELLO)).toBe(false);
    expect(second.sink.write(HELLO)).toBe(true);
    await until(() => other.text === `${HEAD}data: hello\n\ndata: hello\n\n`);
    expect(session.closed).toBe(false);
    second.sink.end(false);
    await until(() => other.ended && second.ends === 1);
    expect(session.closed).toBe(false);
  });

  it('closes the session with its last stream on end(true)', async () => {
    const { session, opened, server, stream, sink } = await start();
    get(session);
    const second = await stream(1);
    const closed = new Promise<void>((resolve) => server.close(() => resolve()));
    sink.end(true);
    second.sink.end(true);
    await closed;
    await until(() => opened.ends === 1 && second.ends === 1 && session.destroyed);
  });

  it('notices whoever else ends or resets the stream', async () => {
    const { session, opened, stream, sink } = await start();
    (opened.res as Http2ServerResponse).end();
    expect(sink.write(HELLO)).toBe(false);
    expect(opened.ends).toBe(1);
    const other = get(session);
    const second = await stream(1);
    other.request.close(8);
    await until(() => second.ends === 1);
    expect(second.sink.write(HELLO)).toBe(false);
    expect(second.transport.isAlive).toBe(false);
    get(session);
    const third = await stream(2);
    session.destroy();
    await until(() => third.ends === 1);
    third.sink.end(true);
    third.sink.destroy();
    expect([opened.ends, second.ends, third.ends]).toEqual([1, 1, 1]);
  });

  it('resets one stream on destroy, not the session', async () => {
    const { session, received, opened, stream, sink } = await start();
    const other = get(session);
    const second = await stream(1);
    sink.destroy();
    await until(() => opened.ends === 1 && received.closed);
    expect(received.request.rstCode).toBe(8);
    second.sink.write(HELLO);
    await until(() => other.text.endsWith('hello\n\n'));
  });

  it('answers HEAD with the head alone', async () => {
    const { session, stream } = await start();
    const head = get(session, 'HEAD');
    const second = await stream(1);
    expect(second.sink.write(HELLO)).toBe(false);
    await until(() => head.ended && second.ends === 1);
    expect(head.text).toBe('');
  });

  it('leaves no listener behind on the session after 100 streams', async () => {
    const { session, opened, sink, stream } = await start();
    const serverSession = (opened.res as Http2ServerResponse).stream.session!;
    sink.end(false);
    await until(() => opened.ends === 1);
    const count = () => serverSession.eventNames().map((name) => serverSession.listenerCount(name));
    const before = count();
    for (let i = 1; i <= 100; i += 1) {
      const received = get(session);
      const next = await stream(i);
      next.sink.end(false);
      await until(() => received.ended && next.ends === 1);
    }
    expect(count()).toEqual(before);
  });
});
