import type { Http2ServerResponse } from 'node:http2';
import type { Socket } from 'node:net';
import { describe, expect, it } from 'vitest';
import { textBatch } from '../../src/batch.js';
import { connect, connectHttp2, type Opened, serve, serveHttp2, until } from './wire.js';

/** Opens a stream for `/`, and answers `/never` never. */
function streamOrSilence(stream: Opened): void {
  if (stream.req.url !== '/never') stream.open();
}

describe("a server's idle timeout", () => {
  it('does not end a silent HTTP/1.1 stream, but what is not a stream', async () => {
    const { server, port, stream } = await serve(streamOrSilence);
    server.setTimeout(300);
    const client = connect(port).request('GET / HTTP/1.1');
    const opened = await stream();
    // The clock of this test: an idle connection of the same server, opened later, that is cut.
    const idle = connect(port).request('GET /never HTTP/1.1');
    await until(() => idle.closed);
    const later = connect(port).request('GET /never HTTP/1.1');
    await until(() => later.closed);
    expect([client.closed, opened.ends]).toEqual([false, 0]);
    opened.sink.write(textBatch('data: still here\n\n'));
    await client.sees('still here');
  });

  it('is back for what follows on the connection', async () => {
    const { server, port, stream, streams } = await serve(streamOrSilence);
    server.setTimeout(70_000);
    const client = connect(port).request('GET / HTTP/1.1');
    const first = await stream(0);
    const socket = first.req.socket as Socket;
    expect(socket.timeout).toBe(0);
    first.sink.end(false);
    await until(() => first.ends === 1);
    client.request('GET /never HTTP/1.1');
    await until(() => streams.length === 2);
    expect(socket.timeout).toBe(70_000);
  });

  it('is back even where keep-alive has no timeout of its own', async () => {
    const { server, port, stream } = await serve(streamOrSilence, { keepAliveTimeout: 0 });
    server.setTimeout(70_000);
    connect(port).request('GET / HTTP/1.1');
    const first = await stream();
    const socket = first.req.socket as Socket;
    expect(socket.timeout).toBe(0);
    first.sink.end(false);
    await until(() => first.ends === 1);
    expect(socket.timeout).toBe(70_000);
  });

  it('is off for a pipelined stream once it has the connection, not before', async () => {
    const { server, port, stream } = await serve(streamOrSilence);
    server.setTimeout(70_000);
    const client = connect(port);
    client.socket.write('GET /never HTTP/1.1\r\nHost: x\r\n\r\nGET / HTTP/1.1\r\nHost: x\r\n\r\n');
    const [silent, opened] = [await stream(0), await stream(1)];
    const socket = opened.req.socket as Socket;
    expect(socket.timeout).toBe(70_000);
    silent.res.end();
    await client.sees(':\n');
    expect(socket.timeout).toBe(0);
    opened.sink.end(false);
    await until(() => opened.ends === 1);
    expect(socket.timeout).not.toBe(0);
  });

  it('does not end an HTTP/2 session that carries a stream, and is back after the last', async () => {
    const { server, port, stream } = await serveHttp2(streamOrSilence);
    server.setTimeout(70_000);
    const session = await connectHttp2(port);
    session.request({ ':path': '/' });
    const first = await stream(0);
    const own = (first.res as Http2ServerResponse).stream.session as unknown as { timeout: number };
    expect(own.timeout).toBe(0);
    session.request({ ':path': '/' });
    const second = await stream(1);
    first.sink.end(false);
    await until(() => first.ends === 1);
    expect(own.timeout).toBe(0);
    second.res.end();
    await until(() => second.ends === 1);
    expect(own.timeout).toBe(70_000);
    session.request({ ':path': '/' });
    const third = await stream(2);
    expect(own.timeout).toBe(0);
    third.sink.destroy();
    await until(() => third.ends === 1);
    expect(own.timeout).toBe(70_000);
  });

  it('cuts an HTTP/2 session without a stream, and not one with', async () => {
    const { server, port, stream } = await serveHttp2(streamOrSilence);
    server.setTimeout(300);
    const session = await connectHttp2(port);
    session.request({ ':path': '/' });
    const opened = await stream();
    const idle = await connectHttp2(port);
    await until(() => idle.destroyed);
    const later = await connectHttp2(port);
    await until(() => later.destroyed);
    expect([session.destroyed, opened.ends]).toEqual([false, 0]);
  });
});

describe('a connection', () => {
  it('sends without delay, as Node sets it up', async () => {
    // Nagle's algorithm would hold small events back by 40 ms; servers switch it off by default.
    const { server } = await serve();
    expect((server as unknown as { noDelay: boolean }).noDelay).toBe(true);
  });
});
