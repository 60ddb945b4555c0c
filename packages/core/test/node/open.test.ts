import * as http from 'node:http';
import { describe, expect, it } from 'vitest';
import { textBatch } from '../../src/batch.js';
import { connect, type Opened, PRELUDE, serve, until } from './wire.js';

const idle = (): void => {};

/** What `open` throws for one request, and what the error page that follows looks like to the client. */
async function refusal(handler: (stream: Opened) => void, headers: string[] = ['Host: x']) {
  let error: unknown;
  const { port } = await serve((stream) => {
    try {
      handler(stream);
    } catch (thrown) {
      error = thrown;
      expect(stream.res.headersSent).toBe(false);
      (stream.res as http.ServerResponse).end('error page');
    }
  });
  const client = connect(port).request('GET / HTTP/1.1', headers);
  await client.sees('error page');
  return { error, page: client.text };
}

describe('NodeTransport.open', () => {
  it('throws where the headers have been sent', async () => {
    const { port, stream } = await serve((opened) => {
      opened.open();
      expect(() => opened.transport.open({ prelude: PRELUDE }, opened)).toThrow(
        expect.objectContaining({ code: 'ERR_SSE_HEADERS_SENT', statusCode: 500 }),
      );
      opened.sink.end(false);
      expect(() => opened.transport.open({ prelude: PRELUDE }, opened)).toThrow(/headers have been sent/);
    });
    const client = connect(port).request('GET / HTTP/1.1');
    await stream();
    await client.sees('0\r\n\r\n');
    expect(client.text.match(/HTTP\/1.1/g)).toHaveLength(1);
  });

  it('refuses with 406 only who refuses event streams', async () => {
    const { error, page } = await refusal((stream) => stream.open(), ['Host: x', 'Accept: */*, text/event-stream;q=0']);
    expect(error).toMatchObject({ code: 'ERR_SSE_NOT_ACCEPTABLE', statusCode: 406 });
    expect(page).not.toContain('event-stream');
    const { port, stream } = await serve();
    const client = connect(port).request('GET / HTTP/1.1', ['Host: x', 'Accept: application/json']);
    await stream();
    await client.sees('retry: 2000');
  });

  it.each([204, 205, 304, 199, 600])('refuses status %i', async (status) => {
    const { error, page } = await refusal((stream) => stream.open({ status }));
    expect(error).toMatchObject({ code: 'ERR_SSE_NOT_STREAMABLE', statusCode: 500 });
    expect(page).toMatch(/^HTTP\/1.1 200 OK/);
  });

  it('refuses a status that someone else has set', async () => {
    const { error } = await refusal((stream) => {
      stream.res.statusCode = 304;
      try {
        stream.open();
      } finally {
        stream.res.statusCode = 500;
      }
    });
    expect(error).toMatchObject({ code: 'ERR_SSE_NOT_STREAMABLE' });
  });

  it('leaves the response as it was where a header is invalid', async () => {
    const { error, page } = await refusal((stream) => {
      stream.res.setHeader('Cache-Control', 'max-age=5');
      stream.open({ headers: { 'x-a': 'a\r\nx-evil: 1' } });
    });
    expect(error).toBeInstanceOf(TypeError);
    expect(page).toContain('\r\nCache-Control: max-age=5\r\n');
    expect(page).not.toMatch(/event-stream|x-evil|accel/);
  });

  it('leaves the response as it was where its head cannot be sent', async () => {
    const { error, page } = await refusal((stream) => {
      stream.res.setHeader('Content-Type', 'text/html');
      stream.res.setHeader('Content-Length', '10');
      stream.res.statusMessage = 'a\nb';
      try {
        stream.open({ status: 201 });
      } finally {
        stream.res.statusMessage = '';
      }
    });
    expect(error).toBeInstanceOf(TypeError);
    expect(page).toMatch(/^HTTP\/1.1 200 OK/);
    expect(page).toMatch(/content-type: text\/html/i);
    expect(page).toMatch(/content-length: 10/i);
    expect(page).not.toMatch(/event-stream|accel/);
  });

  it('gives a sink that is gone where the client has left before', async () => {
    const { port, stream } = await serve(idle);
    const client = connect(port).request('GET / HTTP/1.1');
    const opened = await stream();
    client.socket.destroy();
    await until(() => !opened.transport.isAlive);
    opened.open();
    expect(opened.ends).toBe(0);
    expect(opened.sink.write(textBatch('data: x\n\n'))).toBe(false);
    await until(() => opened.ends === 1);
    opened.sink.end(true);
    opened.sink.destroy();
    expect([opened.sink.pendingBytes, opened.ends]).toEqual([0, 1]);
  });
});

describe('a wrapped response', () => {
  it('whose write throws is destroyed, and the sink says so', async () => {
    const { port, stream } = await serve((opened) => {
      let writes = 0;
      const { write } = http.ServerResponse.prototype;
      opened.res.write = ((bytes: Uint8Array) => {
        writes += 1;
        if (writes > 1) throw new Error('broken middleware');
        return (write as (part: Uint8Array) => boolean).call(opened.res, bytes);
      }) as typeof opened.res.write;
      opened.open();
    });
    const client = connect(port).request('GET / HTTP/1.1');
    const opened = await stream();
    await client.head();
    expect(opened.sink.write(textBatch('data: x\n\n'))).toBe(false);
    await until(() => opened.ends === 1 && client.closed);
  });

  it('that ends when its head is written carries no stream', async () => {
    const { port, stream } = await serve((opened) => {
      const { res } = opened;
      const writeHead = res.writeHead as (status: number) => unknown;
      res.writeHead = ((status: number) => {
        writeHead.call(res, status);
        res.end();
        return res;
      }) as typeof res.writeHead;
      opened.open();
    });
    const client = connect(port).request('GET / HTTP/1.1');
    const opened = await stream();
    await client.sees('0\r\n\r\n');
    expect(opened.sink.write(textBatch('data: x\n\n'))).toBe(false);
    await until(() => opened.ends === 1);
    expect(client.body).toBe('0\r\n\r\n');
  });
});
