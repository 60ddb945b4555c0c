import { describe, expect, it } from 'vitest';
import type { ClientError } from '../src/index.js';
import { control, FakeServer, hubEvent, openFrame } from './kit/fake-server.js';

function errorsOf(stream: { on(name: 'sse.error', listener: (error: ClientError) => void): unknown }): string[] {
  const codes: string[] = [];
  stream.on('sse.error', ({ code }) => codes.push(code));
  return codes;
}

describe('reconnecting', () => {
  it('resumes from the newest id after the stream has ended', async () => {
    const server = new FakeServer();
    const stream = server.connect();
    await server.settle();
    await server.last.open(openFrame({}, 'e.0') + hubEvent(1, 'one'));
    await server.last.end();
    await server.pass(1);
    expect(server.requests).toHaveLength(2);
    expect(server.last.headers.get('last-event-id')).toBe('e.1');
    expect(stream.position.id).toBe('e.1');
  });

  it('waits for the time of retry: and a random one that doubles with each failure, up to the cap', async () => {
    const server = new FakeServer();
    server.random = 1;
    server.connect({ backoffMs: 4_000 });
    const waits: number[] = [];
    for (let attempt = 0; attempt < 7; attempt++) {
      await server.settle();
      const { length } = server.requests;
      if (attempt === 0) await server.last.open('retry: 500\n:\n');
      await server.last.cut();
      const from = server.clock.elapsed();
      while (server.requests.length === length) await server.pass(250);
      waits.push(server.clock.elapsed() - from);
    }
    expect(waits).toEqual([4_500, 8_500, 16_500, 30_500, 30_500, 30_500, 30_500]);
  });

  it('forgets failures only after 10 s of health', async () => {
    const server = new FakeServer();
    server.random = 1;
    server.connect();
    const waitAfter = async (healthyMs: number) => {
      await server.settle();
      const { length } = server.requests;
      await server.last.open(':\n');
      await server.pass(healthyMs);
      await server.last.cut();
      const from = server.clock.elapsed();
      while (server.requests.length === length) await server.pass(250);
      return server.clock.elapsed() - from;
    };
    expect(await waitAfter(1_000)).toBe(1_000);
    expect(await waitAfter(9_000)).toBe(2_000);
    expect(await waitAfter(10_000)).toBe(1_000);
  });

  it.each([
    ['0', 250],
    ['1', 250],
    ['999999999999', 3_600_000],
    ['1000', 1_000],
  ])('obeys retry: %s as %i ms', async (retry, ms) => {
    const server = new FakeServer();
    server.connect();
    await server.settle();
    await server.last.open(`retry: ${retry}\n:\n`);
    await server.last.end();
    server.clock.advance(ms - 1);
    await server.settle();
    expect(server.requests).toHaveLength(1);
    server.clock.advance(2);
    await server.settle();
    expect(server.requests).toHaveLength(2);
  });

  it.each(['1000x', '1.5', '-1', ''])('ignores retry: %s', async (retry) => {
    const server = new FakeServer();
    server.connect();
    await server.settle();
    await server.last.open(`retry: ${retry}\n:\n`);
    await server.last.end();
    await server.pass(1);
    expect(server.requests).toHaveLength(2);
  });

  it.each([
    [429, { 'retry-after': '5' }],
    [503, { 'retry-after': new Date(1_700_000_005_000).toUTCString() }],
  ])('obeys Retry-After of a %i', async (status, headers) => {
    const server = new FakeServer();
    const stream = server.connect();
    const errors = errorsOf(stream);
    await server.settle();
    await server.last.answer(status, headers as Record<string, string>);
    await server.pass(4_750);
    expect(server.requests).toHaveLength(1);
    await server.pass(500);
    expect(server.requests).toHaveLength(2);
    expect(errors).toEqual(['ERR_CLIENT_STATUS']);
  });

  it.each([408, 425, 429, 500, 502, 503, 504])('tries again after a %i', async (status) => {
    const server = new FakeServer();
    server.connect();
    await server.settle();
    await server.last.answer(status);
    await server.pass(1);
    expect(server.requests).toHaveLength(2);
  });

  it('a load balancer that answers 502, 503 and 429 for three seconds costs no event', async () => {
    const server = new FakeServer();
    server.random = 0.5;
    const stream = server.connect({ backoffMs: 500 });
    const seen: unknown[] = [];
    stream.on('message', ({ data }) => seen.push(data));
    await server.settle();
    await server.last.open(openFrame({}, 'e.0') + hubEvent(1, 1) + hubEvent(2, 2));
    await server.last.cut();
    const healthyAt = server.clock.elapsed() + 3_000;
    let refused = 0;
    while (server.clock.elapsed() < healthyAt) {
      const { length } = server.requests;
      await server.pass(50);
      if (server.requests.length === length) continue;
      if (server.clock.elapsed() >= healthyAt) break;
      await server.last.answer([502, 503, 429][refused++ % 3] as number);
    }
    while (server.last.isAborted || server.requests.length === refused + 1) await server.pass(50);
    expect(refused).toBeGreaterThanOrEqual(3);
    expect(server.last.headers.get('last-event-id')).toBe('e.2');
    await server.last.open(openFrame({ resume: 'resumed' }, 'e.2') + [3, 4, 5].map((n) => hubEvent(n, n)).join(''));
    expect(seen).toEqual([1, 2, 3, 4, 5]);
  });

  it.each([201, 205, 400, 403, 404, 410])('ends with an error after a %i', async (status) => {
    const server = new FakeServer();
    const stream = server.connect();
    await server.settle();
    await server.last.answer(status);
    expect(await stream.closed).toMatchObject({ reason: 'error', error: { code: 'ERR_CLIENT_STATUS', status } });
    await server.pass(60_000);
    expect(server.requests).toHaveLength(1);
    expect(stream.status.state).toBe('offline');
  });

  it('ends without an error after a 204', async () => {
    const server = new FakeServer();
    const stream = server.connect();
    await server.settle();
    await server.last.answer(204);
    expect(await stream.closed).toEqual({ reason: 'server' });
    await server.pass(60_000);
    expect(server.requests).toHaveLength(1);
  });

  it('ends without an error at sse.bye', async () => {
    const server = new FakeServer();
    const stream = server.connect();
    await server.settle();
    await server.last.open(openFrame() + control('bye', { reason: 'server' }));
    expect(await stream.closed).toEqual({ reason: 'server' });
    expect(server.last.isAborted).toBe(true);
  });

  it('comes back after sse.busy at the time that it names', async () => {
    const server = new FakeServer();
    const stream = server.connect();
    const errors = errorsOf(stream);
    await server.settle();
    await server.last.open(`retry: 7000\n:\n${control('busy', { retryMs: 7_000, reason: 'too many' })}`);
    await server.pass(6_750);
    expect(server.requests).toHaveLength(1);
    await server.pass(500);
    expect(server.requests).toHaveLength(2);
    expect(errors).toEqual(['ERR_CLIENT_BUSY']);
  });

  it('takes an error page for an error, and tries again', async () => {
    const server = new FakeServer();
    const stream = server.connect();
    const errors = errorsOf(stream);
    await server.settle();
    await server.last.answer(200, { 'content-type': 'text/html' }, '<h1>Welcome to the Wi-Fi</h1>');
    await server.pass(1);
    expect(server.requests).toHaveLength(2);
    expect(errors).toEqual(['ERR_CLIENT_CONTENT_TYPE']);
  });

  it('asks for new headers after a 401, once', async () => {
    const server = new FakeServer();
    const asked: boolean[] = [];
    const headers = ({ refresh }: { refresh: boolean }) => {
      asked.push(refresh);
      return Promise.resolve({ authorization: `Bearer ${asked.length}` });
    };
    const stream = server.connect({ headers });
    await server.settle();
    expect(server.last.headers.get('authorization')).toBe('Bearer 1');
    await server.last.answer(401);
    await server.pass(1);
    expect(server.last.headers.get('authorization')).toBe('Bearer 2');
    await server.last.answer(401);
    expect(await stream.closed).toMatchObject({ reason: 'error', error: { status: 401 } });
    expect(asked).toEqual([false, true]);
  });

  it('asks for new headers after the server has ended the stream because the permission expired', async () => {
    const server = new FakeServer();
    const asked: boolean[] = [];
    server.connect({
      headers: ({ refresh }) => {
        asked.push(refresh);
        return {};
      },
    });
    await server.settle();
    await server.last.open(openFrame() + control('ping', { reason: 'expired' }, 'e.0'));
    await server.last.end();
    await server.pass(1);
    await server.last.open(openFrame());
    await server.last.end();
    await server.pass(1);
    expect(asked).toEqual([false, true, false]);
  });

  it('does not try again at once when headers() fails', async () => {
    const server = new FakeServer();
    server.random = 1;
    let calls = 0;
    const stream = server.connect({
      headers: () => {
        calls++;
        throw new Error('no token');
      },
    });
    const errors = errorsOf(stream);
    await server.settle();
    await server.pass(900);
    expect(calls).toBe(1);
    await server.pass(200);
    expect(calls).toBe(2);
    expect(errors).toEqual(['ERR_CLIENT_NETWORK', 'ERR_CLIENT_NETWORK']);
  });

  it('gives up a request that is not answered in time', async () => {
    const server = new FakeServer();
    const stream = server.connect({ answerMs: 5_000 });
    const errors = errorsOf(stream);
    await server.settle();
    await server.pass(5_250);
    expect(errors).toEqual(['ERR_CLIENT_NO_ANSWER']);
    expect(server.requests).toHaveLength(2);
    expect(server.requests[0]?.isAborted).toBe(true);
  });

  it('isFinal decides otherwise', async () => {
    const server = new FakeServer();
    const stream = server.connect({ isFinal: ({ code }) => code === 'ERR_CLIENT_CONTENT_TYPE' });
    await server.settle();
    await server.last.answer(404);
    await server.pass(1);
    await server.last.answer(200, { 'content-type': 'text/html' });
    expect(await stream.closed).toMatchObject({ reason: 'error', error: { code: 'ERR_CLIENT_CONTENT_TYPE' } });
  });
});
