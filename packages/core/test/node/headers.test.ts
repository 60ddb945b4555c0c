import type * as http from 'node:http';
import { describe, expect, it } from 'vitest';
import { streamHeaders, streamStatus } from '../../src/node/index.js';
import type { StreamInit } from '../../src/sink.js';
import { connect, connectHttp2, type Opened, serve, serveHttp2 } from './wire.js';

const headersOf = (
  existing: Record<string, string | number | string[]>,
  headers?: StreamInit['headers'],
  http2 = false,
) => Object.fromEntries(streamHeaders((name) => existing[name], headers, { http2 }));

/** The head that a client gets for one request to a server with that handler, without the parts that vary. */
async function headOf(handler: (stream: Opened) => void): Promise<string[]> {
  const { port } = await serve(handler);
  const head = await connect(port).request('GET / HTTP/1.1').head();
  return head.split('\r\n').filter((line) => line !== '' && !line.startsWith('Date: '));
}

describe('streamHeaders', () => {
  it('gives the three headers of an event stream', () => {
    expect(headersOf({})).toEqual({
      'content-type': 'text/event-stream',
      'cache-control': 'no-cache, no-transform',
      'x-accel-buffering': 'no',
    });
  });

  it.each([
    [undefined, 'no-cache, no-transform'],
    ['public, max-age=3600', 'no-cache, no-transform'],
    ['no-store', 'no-store, no-transform'],
    ['Private, max-age=0', 'Private, max-age=0, no-transform'],
    ['private="x-a", must-revalidate', 'private="x-a", must-revalidate, no-transform'],
    ['no-cache, No-Transform', 'no-cache, No-Transform'],
    ['max-age=0; no-cache-thing', 'no-cache, no-transform'],
  ])('makes of cache-control %j %j', (earlier, expected) => {
    expect(headersOf(earlier === undefined ? {} : { 'cache-control': earlier })['cache-control']).toBe(expected);
  });

  it('overrides an earlier content type, and removes length and validator', () => {
    const changes = headersOf({ 'content-type': 'text/html', 'content-length': 0, etag: '"a"' });
    expect(changes['content-type']).toBe('text/event-stream');
    expect(changes).toHaveProperty('content-length', undefined);
    expect(changes).toHaveProperty('etag', undefined);
  });

  it("lets the user's headers override and remove, whatever their case", () => {
    const changes = headersOf({}, { 'Cache-Control': 'private', 'X-Accel-Buffering': undefined, Vary: ['a', 'b'] });
    expect(changes).toEqual({
      'content-type': 'text/event-stream',
      'cache-control': 'private',
      'x-accel-buffering': undefined,
      vary: ['a', 'b'],
    });
  });

  it('never sets a length or an encoding of the transfer', () => {
    const changes = headersOf({}, { 'Content-Length': '5', 'Transfer-Encoding': 'identity' });
    expect(Object.keys(changes)).toEqual(['content-type', 'cache-control', 'x-accel-buffering']);
  });

  it('leaves out of HTTP/2 what it forbids', () => {
    const changes = headersOf({ 'keep-alive': 'timeout=5' }, { Connection: 'close', Upgrade: 'x', 'X-A': '1' }, true);
    expect(changes).not.toHaveProperty('connection');
    expect(changes).not.toHaveProperty('upgrade');
    expect(changes).toHaveProperty('keep-alive', undefined);
    expect(changes['x-a']).toBe('1');
  });

  it.each([
    ['a line break', { 'x-a': 'a\r\nb: c' }],
    ['a line break in an array', { 'x-a': ['a', 'b\n'] }],
    ['a character beyond Latin-1', { 'x-a': '\u20ac' }],
    ['a number', { 'x-a': 5 as unknown as string }],
    ['null', { 'x-a': null as unknown as string }],
    ['a name with a space', { 'x a': 'b' }],
    ['an empty name', { '': 'b' }],
  ])('throws a TypeError for %s', (_what, headers) => {
    expect(() => headersOf({}, headers)).toThrow(TypeError);
  });
});

describe('streamStatus', () => {
  it.each([200, 201, 203, 206, 404, 503, 599])('allows %i', (status) => {
    expect(streamStatus(status)).toBe(status);
  });

  it.each([0, 100, 101, 199, 204, 205, 304, 600, 999, 200.5, Number.NaN])('refuses %d', (status) => {
    expect(() => streamStatus(status)).toThrow(
      expect.objectContaining({ code: 'ERR_SSE_NOT_STREAMABLE', statusCode: 500 }),
    );
  });

  it('says why', () => {
    expect(() => streamStatus(204)).toThrow('Cannot open a stream with status 204: such a response has no body');
    expect(() => streamStatus(600)).toThrow('status 600: it must be an integer from 200 to 599');
  });
});

describe('the head of a stream', () => {
  it('is these lines', async () => {
    expect(await headOf((stream) => stream.open())).toEqual([
      'HTTP/1.1 200 OK',
      'content-type: text/event-stream',
      'cache-control: no-cache, no-transform',
      'x-accel-buffering: no',
      'Connection: keep-alive',
      'Keep-Alive: timeout=5',
      'Transfer-Encoding: chunked',
    ]);
  });

  it('keeps what earlier middleware set, two cookies included', async () => {
    const head = await headOf((stream) => {
      const res = stream.res as http.ServerResponse;
      res.setHeader('Set-Cookie', ['a=1', 'b=2']);
      res.setHeader('Vary', 'Origin');
      res.setHeader('Access-Control-Allow-Origin', 'https://example.com');
      res.setHeader('Strict-Transport-Security', 'max-age=1');
      res.setHeader('Content-Length', 0);
      res.setHeader('Content-Type', 'application/json');
      stream.open();
    });
    expect(head.slice(1, 9)).toEqual([
      'Set-Cookie: a=1',
      'Set-Cookie: b=2',
      'Vary: Origin',
      'Access-Control-Allow-Origin: https://example.com',
      'Strict-Transport-Security: max-age=1',
      'content-type: text/event-stream',
      'cache-control: no-cache, no-transform',
      'x-accel-buffering: no',
    ]);
    expect(head.join('\n')).not.toMatch(/content-length/i);
  });

  it("carries the response's status, or the stream's", async () => {
    const own = await headOf((stream) => {
      stream.res.statusCode = 201;
      stream.open();
    });
    expect(own[0]).toBe('HTTP/1.1 201 Created');
    const given = await headOf((stream) => {
      stream.res.statusCode = 201;
      stream.open({ status: 202 });
      stream.res.statusCode = 500;
    });
    expect(given[0]).toBe('HTTP/1.1 202 Accepted');
  });

  it('is the same over HTTP/2, without a warning', async () => {
    const warnings: Error[] = [];
    const onWarning = (warning: Error) => warnings.push(warning);
    process.on('warning', onWarning);
    const { port } = await serveHttp2((stream) => {
      stream.res.setHeader('vary', 'Origin');
      stream.res.setHeader('set-cookie', ['a=1', 'b=2']);
      stream.res.setHeader('content-length', '0');
      stream.open({ headers: { connection: 'keep-alive', 'keep-alive': 'timeout=5', 'x-a': '1' }, status: 202 });
    });
    const request = (await connectHttp2(port)).request({ ':path': '/' });
    const headers = await new Promise<Record<string, unknown>>((resolve) => request.once('response', resolve));
    process.removeListener('warning', onWarning);
    const { date, ...rest } = Object.fromEntries(Object.entries(headers));
    expect(date).toBeTypeOf('string');
    expect(rest).toEqual({
      ':status': 202,
      vary: 'Origin',
      'set-cookie': ['a=1', 'b=2'],
      'content-type': 'text/event-stream',
      'cache-control': 'no-cache, no-transform',
      'x-accel-buffering': 'no',
      'x-a': '1',
    });
    expect(warnings).toEqual([]);
  });
});

describe('the trace context of a stream', () => {
  const traceparent = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01';
  const headOf = (earlier: string | string[] | undefined, headers = {}) =>
    Object.fromEntries(
      streamHeaders((name) => (name === 'server-timing' ? earlier : undefined), headers, { traceparent }),
    );

  it.each([
    ['alone', undefined, `traceparent;desc="${traceparent}"`],
    ['behind what was measured before', 'db;dur=5', `db;dur=5, traceparent;desc="${traceparent}"`],
    ['behind several', ['db;dur=5', 'cache'], `db;dur=5, cache, traceparent;desc="${traceparent}"`],
  ])('is in two headers, %s', (_name, earlier, timing) => {
    expect(headOf(earlier)).toMatchObject({ traceparent, 'server-timing': timing });
  });

  it('gives way to headers that are given', () => {
    expect(headOf(undefined, { 'Server-Timing': undefined, traceparent: 'own' })).toMatchObject({
      traceparent: 'own',
      'server-timing': undefined,
    });
  });
});
