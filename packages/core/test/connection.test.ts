import { describe, expect, test } from 'vitest';
import { world } from './helpers.js';

const MIB = 1024 * 1024;

describe('connection.send', () => {
  test('opens the stream on first use, with the prelude first', async () => {
    const { client } = world();
    const { connection, transport } = client();
    expect(await connection.send({ event: 'hi', data: { n: 1 } })).toBe(true);
    expect(transport.text).toBe('retry: 2000\n:\nevent: hi\ndata: {"n":1}\n\n');
  });

  test('resolves true at once while there is room, and only after the sink drained where there is none', async () => {
    const { client } = world();
    const { connection, transport } = client();
    connection.open();
    transport.pause();
    expect(await connection.send('x'.repeat(100))).toBe(true);
    let settled: boolean | undefined;
    const sent = connection.send('x'.repeat(70_000)).then((room) => {
      settled = room;
    });
    await new Promise((resolve) => setImmediate(resolve));
    expect(settled).toBeUndefined();
    transport.drain();
    await sent;
    expect(settled).toBe(true);
  });

  test('closes as slow above maxPendingBytes, and every waiting send resolves false', async () => {
    const { client } = world({ maxPendingBytes: MIB });
    const { connection, transport } = client();
    connection.open();
    transport.pause();
    const sends = Array.from({ length: 20 }, () => connection.send('x'.repeat(100_000)));
    expect(await Promise.all(sends)).toEqual(sends.map(() => false));
    expect(await connection.closed).toMatchObject({ reason: 'slow' });
    expect(transport.ending).toBe('destroy');
    expect(transport.pendingBytes).toBe(0);
  });

  test('settles false at once when the client leaves while it waits for room', async () => {
    const { client } = world();
    const { connection, transport } = client();
    connection.open();
    transport.pause();
    const sent = connection.send('x'.repeat(100_000));
    transport.cut();
    expect(await sent).toBe(false);
    expect(await connection.send('y')).toBe(false);
    expect(await connection.comment('z')).toBe(false);
  });

  test('gives all who wait one promise', () => {
    const { client } = world();
    const { connection, transport } = client();
    connection.open();
    transport.pause();
    connection.send('x'.repeat(70_000));
    expect(connection.send('y')).toBe(connection.send('z'));
    connection.close();
  });

  test('refuses a private id once the connection has subscribed, and the stream goes on', async () => {
    const { client, settle, hub } = world();
    const { connection, data } = client();
    await connection.send({ data: 'a', id: 'mine' });
    connection.subscribe('news');
    expect(() => connection.send({ data: 'b', id: 'mine' })).toThrow(TypeError);
    await settle();
    await hub.publish('news', 'c');
    await settle();
    expect(data()).toEqual(['a', 'c']);
  });

  test('throws for bad arguments with nothing written', () => {
    const { client } = world();
    const { connection, transport } = client();
    expect(() => connection.send({ data: 'x', id: 'a\nb' })).toThrow(TypeError);
    expect(() => connection.send(new Uint8Array(3) as never)).toThrow(TypeError);
    expect(() => connection.send({ title: 'x' } as never)).toThrow(TypeError);
    expect(() => connection.send({ retry: 5 })).toThrow(RangeError);
    expect(transport.init).toBeUndefined();
  });

  test('sends a source at the pace of the client and closes at its end', async () => {
    const { client, settle } = world();
    const { connection, transport, data } = client();
    let produced = 0;
    const source = (function* () {
      for (; produced < 10; produced++) yield 'x'.repeat(40_000);
    })();
    connection.open();
    transport.pause();
    const sent = connection.send(source);
    await settle();
    // Two messages fill the room; the third is not asked for.
    expect(produced).toBeLessThanOrEqual(2);
    transport.drain();
    expect(await sent).toBe(true);
    expect([produced, data().length, transport.ending]).toEqual([10, 10, 'end']);
  });

  test("keeps the stream open after a source's end where asked to", async () => {
    const { client } = world();
    const { connection, data } = client();
    expect(await connection.send(['a', 'b'], { end: 'keep' })).toBe(true);
    expect([connection.isOpen, data()]).toEqual([true, ['a', 'b']]);
  });

  test("a source's failure rejects, is reported, ends the stream, and tells the client only what onError says", async () => {
    const errors: unknown[] = [];
    const { client } = world({ observers: [{ error: (error, source) => errors.push([source, error]) }] });
    const failing = async function* () {
      yield 'a';
      throw new Error('db password=hunter2');
    };
    const [plain, told] = [client(), client()];
    await expect(plain.connection.send(failing())).rejects.toThrow('hunter2');
    await expect(told.connection.send(failing(), { onError: () => ({ event: 'failed', data: '' }) })).rejects.toThrow();
    expect(plain.transport.text).not.toContain('hunter2');
    expect(told.transport.events.map(({ event }) => event)).toEqual(['message', 'failed']);
    expect([(await plain.connection.closed).reason, errors.length]).toEqual(['error', 2]);
  });
});

describe('connection', () => {
  test('open twice is ERR_SSE_HEADERS_SENT', () => {
    const { client } = world();
    const { connection } = client();
    connection.open();
    expect(() => connection.open()).toThrow(expect.objectContaining({ code: 'ERR_SSE_HEADERS_SENT' }));
  });

  test('an error while opening reaches the caller, and the place is given back', () => {
    const { client, hub } = world({ maxConnections: 1 });
    expect(() => client({ openError: new TypeError('bad header') }).connection.open()).toThrow('bad header');
    expect(client().connection.open().isOpen).toBe(true);
    expect(hub.connections.size).toBe(1);
  });

  test('a client that left before the first use costs nothing', async () => {
    const { client, hub, clock, settle } = world();
    const { connection, transport } = client();
    transport.cut();
    connection.open();
    expect(await connection.subscribe('news')).toEqual({ resume: 'closed', channels: [] });
    expect(await connection.send('x')).toBe(false);
    expect(await connection.closed).toMatchObject({ reason: 'client' });
    await settle();
    expect([hub.connections.size, clock.timers, transport.init]).toEqual([0, 0, undefined]);
  });

  test('signal aborts and closed resolves with the reason, also for whoever asks later', async () => {
    const { client } = world();
    const { connection } = client();
    const { signal } = connection.open();
    connection.close({ reason: 'revoked', detail: 'why' });
    expect([signal.aborted, signal.reason]).toEqual([true, 'revoked']);
    expect(await connection.closed).toEqual({ reason: 'revoked', detail: 'why' });
    connection.close();
    expect((await connection.closed).reason).toBe('revoked');
  });

  test('HEAD gets headers, ends, and subscribes to nothing', async () => {
    const { client, hub } = world();
    const { connection, transport } = client({ isHead: true });
    expect(await connection.subscribe('news')).toEqual({ resume: 'closed', channels: [] });
    expect([transport.init !== undefined, transport.text, hub.connections.size]).toEqual([true, '', 0]);
  });

  test('close says goodbye with retry and a fresh id', async () => {
    const { client, hub, settle } = world();
    const { connection, transport } = client();
    connection.subscribe('news');
    await settle();
    const { id } = await hub.publish('other', 'x');
    await settle();
    connection.close({ retryMs: 400 });
    expect(transport.text.endsWith(`retry: 400\nevent: sse.ping\ndata: {"reason":"server"}\nid: ${id}\n\n`)).toBe(true);
  });

  test('a final close says sse.bye', async () => {
    const { client } = world();
    const { connection, control } = client();
    connection.open().close({ final: true });
    expect(control()).toEqual(['bye']);
  });

  test('subscribe refuses wrong channels and options at once', () => {
    const { client } = world({ maxChannels: 2 });
    const { connection } = client();
    expect(() => connection.subscribe([])).toThrow(TypeError);
    expect(() => connection.subscribe('a b')).toThrow(TypeError);
    expect(() => connection.subscribe(['a', 'b', 'c'])).toThrow(RangeError);
    expect(() => connection.subscribe('a', { onLag: 'drop' as never })).toThrow(TypeError);
    expect(() => connection.subscribe('a', { onReset: 'never' as never })).toThrow(TypeError);
    expect(() => connection.subscribe('a', { filter: 1 as never })).toThrow(TypeError);
    expect(() => connection.subscribe('a', { control: false, onReset: 'snapshot' })).toThrow(TypeError);
    expect(connection.isOpen).toBe(false);
  });

  test('onReset reject fails before the headers, through the transport and the promise alike', async () => {
    const { client, settle } = world({ observers: [{ error: () => {} }] });
    const { connection, transport } = client({ lastEventId: 'gone.5' });
    const subscribed = connection.subscribe('news', { onReset: 'reject' });
    await expect(subscribed).rejects.toMatchObject({ code: 'ERR_SSE_RESET_REJECTED', statusCode: 400 });
    await settle();
    expect([transport.init, transport.failures.length]).toEqual([undefined, 1]);
  });
});
