import { describe, expect, it } from 'vitest';
import { byNetwork } from '../src/network/index.js';
import { FakeServer, hubEvent, openFrame } from './kit/fake-server.js';

/** A client whose stream is open. */
async function opened(first: string, options = {}) {
  const server = new FakeServer();
  const stream = server.connect(options);
  const errors: string[] = [];
  stream.on('sse.error', ({ code }) => errors.push(code));
  await server.settle();
  await server.last.open(first);
  return { server, stream, errors };
}

describe('silence', () => {
  it('a server that says nothing any more is given up after three of its heartbeats', async () => {
    const { server, errors } = await opened(openFrame({ heartbeatMs: 5_000 }));
    await server.pass(14_750);
    expect(errors).toEqual([]);
    await server.pass(500);
    expect(errors).toEqual(['ERR_CLIENT_SILENT']);
    expect(server.requests).toHaveLength(2);
    expect(server.requests[0]?.isAborted).toBe(true);
  });

  it('heartbeats and events keep the stream', async () => {
    const { server, errors } = await opened(openFrame({ heartbeatMs: 5_000 }));
    for (let n = 1; n <= 20; n++) {
      await server.pass(14_000);
      await server.last.write(n % 2 ? ':\n' : hubEvent(n, n, { prev: Math.max(0, n - 2) }));
    }
    expect(errors).toEqual([]);
    expect(server.requests).toHaveLength(1);
  });

  it('half an event keeps the stream as well', async () => {
    const { server, errors } = await opened(openFrame({ heartbeatMs: 5_000 }));
    for (const part of ['data: "a', 'b', 'c', 'd"\n']) {
      await server.pass(14_000);
      await server.last.write(part);
    }
    expect(errors).toEqual([]);
  });

  it('a server that has sent its head alone is given up after three heartbeats of a hub', async () => {
    const server = new FakeServer();
    server.connect();
    await server.settle();
    await server.last.open();
    await server.pass(45_250);
    expect(server.requests).toHaveLength(2);
  });

  it('a server without heartbeats is never given up', async () => {
    const { server } = await opened(openFrame({ heartbeatMs: 0 }));
    await server.pass(3_600_000 / 10);
    expect(server.requests).toHaveLength(1);
  });

  it('a server of another kind is never given up, unless silenceMs says so', async () => {
    const { server } = await opened('data: hello\n\n');
    await server.pass(100_000);
    expect(server.requests).toHaveLength(1);
    const { server: other } = await opened('data: hello\n\n', { silenceMs: 20_000 });
    await other.pass(20_250);
    expect(other.requests).toHaveLength(2);
  });

  it('silenceMs: false watches nothing', async () => {
    const { server } = await opened(openFrame({ heartbeatMs: 5_000 }), { silenceMs: false });
    await server.pass(100_000);
    expect(server.requests).toHaveLength(1);
  });

  it('a process that was asleep reads what came meanwhile before it gives the stream up', async () => {
    const { server, errors } = await opened(openFrame({ heartbeatMs: 5_000 }));
    server.clock.sleep(600_000);
    await server.pass(15_000);
    await server.pass(1_000);
    expect(errors).toEqual([]);
    await server.last.write(':\n');
    await server.pass(14_000);
    expect(errors).toEqual([]);
    server.clock.sleep(600_000);
    await server.pass(17_250);
    expect(errors).toEqual(['ERR_CLIENT_SILENT']);
  });
});

describe('heartbeats asked for', () => {
  it.each([
    ['cellular', '30'],
    ['wifi', '60'],
    ['ethernet', '120'],
  ] as const)('on %s one every %s s', async (network, seconds) => {
    const server = new FakeServer();
    server.connect({ network: byNetwork(network) });
    await server.settle();
    expect(server.last.url.searchParams.get('heartbeat')).toBe(seconds);
  });

  it('none where the network is not known', async () => {
    const server = new FakeServer();
    server.connect({ network: byNetwork() });
    await server.settle();
    expect(server.last.url.searchParams.has('heartbeat')).toBe(false);
  });

  it('more often where round trips are long', async () => {
    const server = new FakeServer();
    server.connect({ network: byNetwork('wifi') });
    for (let attempt = 0; attempt < 6; attempt++) {
      await server.settle();
      await server.pass(2_000);
      await server.last.open(':\n');
      await server.last.end();
      await server.pass(2_000);
    }
    expect(server.last.url.searchParams.get('heartbeat')).toBe('30');
  });

  it('the user’s own word in the URL stands', async () => {
    const server = new FakeServer();
    server.connect({ network: byNetwork('wifi') }, 'http://server.test/news?heartbeat=7&prev=0');
    await server.settle();
    expect(server.last.url.search).toBe('?heartbeat=7&prev=0&refusal=status');
  });

  it('plain adds nothing to the URL', async () => {
    const server = new FakeServer();
    server.connect({ network: byNetwork('wifi'), plain: true }, 'http://server.test/news?a=1');
    await server.settle();
    expect(server.last.url.href).toBe('http://server.test/news?a=1');
  });
});
