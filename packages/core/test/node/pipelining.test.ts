import { describe, expect, it } from 'vitest';
import { textBatch } from '../../src/batch.js';
import { connect, dechunk, serve, until } from './wire.js';

const HELLO = textBatch('data: hello\n\n');
const LAST_CHUNK = '\r\n0\r\n\r\n';

describe('pipelined requests', () => {
  const start = async () => {
    const host = await serve();
    const client = connect(host.port);
    client.socket.write('GET /1 HTTP/1.1\r\nHost: x\r\n\r\nGET /2 HTTP/1.1\r\nHost: x\r\n\r\n');
    return { client, first: await host.stream(0), second: await host.stream(1) };
  };

  it('are answered in their order, each stream whole', async () => {
    const { client, first, second } = await start();
    expect([first.kind, second.kind]).toEqual(['SocketSink', 'ResponseSink']);
    second.sink.write(textBatch('data: second\n\n'));
    first.sink.write(textBatch('data: first\n\n'));
    await client.sees('first');
    expect(client.text).not.toContain('second');
    first.sink.end(false);
    await client.sees('second');
    second.sink.write(HELLO);
    await client.sees('hello');
    second.sink.end(true);
    await until(() => client.ended && first.ends === 1 && second.ends === 1);
    const [, one, two] = client.text.split(/HTTP\/1.1 200 OK\r\n.*?\r\n\r\n/s);
    expect(dechunk(one!)).toBe('retry: 2000\n:\ndata: first\n\n');
    expect(dechunk(two!)).toBe('retry: 2000\n:\ndata: second\n\ndata: hello\n\n');
  });

  it('count what waits behind another stream', async () => {
    const { client, first, second } = await start();
    const batch = textBatch(`data: ${'x'.repeat(99_992)}\n\n`);
    for (let i = 0; i < 20; i += 1) expect(second.sink.write(batch)).toBe(true);
    expect(second.sink.pendingBytes).toBeGreaterThan(2_000_000);
    expect(second.drains).toBe(0);
    first.sink.end(false);
    await until(() => second.drains === 1 && second.sink.pendingBytes === 0);
    second.sink.end(false);
    await until(() => client.text.endsWith(LAST_CHUNK));
    expect(client.text.length).toBeGreaterThan(2_000_000);
  });

  it('are gone with their connection', async () => {
    const { client, first, second } = await start();
    const { socket } = second.req;
    const listeners = socket.listenerCount('close');
    client.socket.destroy();
    await until(() => first.ends === 1 && second.ends === 1);
    expect(second.sink.write(HELLO)).toBe(false);
    expect(second.transport.isAlive).toBe(false);
    // The sink's, and this test's own.
    expect(socket.listenerCount('close')).toBe(listeners - 2);
  });

  it('can be destroyed while they wait', async () => {
    const { client, first, second } = await start();
    second.sink.destroy();
    expect(second.sink.write(HELLO)).toBe(false);
    await until(() => second.ends === 1);
    expect(first.sink.write(HELLO)).toBe(true);
    await client.sees('hello');
    first.sink.end(false);
    await until(() => client.closed);
    expect([first.ends, second.ends]).toEqual([1, 1]);
  });
});
