import { describe, expect, it } from 'vitest';
import { FakeServer, hubEvent, openFrame } from './kit/fake-server.js';

/** A stream with an iteration that has begun. */
async function iterating(options = {}) {
  const server = new FakeServer();
  const stream = server.connect(options);
  const iteration = stream[Symbol.asyncIterator]();
  const first = iteration.next();
  await server.settle();
  await server.last.open(openFrame({}, 'e.0'));
  return { server, stream, iteration, first };
}

describe('an iteration', () => {
  it('that is slow stops the stream from being read, and starts it again', async () => {
    const { server, iteration, first, stream } = await iterating({ maxWaiting: 10 });
    const errors: string[] = [];
    stream.on('sse.error', ({ code }) => errors.push(code));
    for (let piece = 0; piece < 20; piece++) {
      const seqs = [1, 2, 3, 4, 5].map((n) => piece * 5 + n);
      await server.last.write(seqs.map((seq) => hubEvent(seq, seq)).join(''));
    }
    // Two pieces fill the queue, and the third is what it takes to notice.
    expect(server.last.unread).toBe(17);
    // What is not read can hold no heartbeat.
    await server.pass(120_000);
    expect(errors).toEqual([]);
    const seen = [(await first).value?.data];
    while (seen.length < 100) seen.push((await iteration.next()).value?.data);
    expect(seen).toEqual(Array.from({ length: 100 }, (_, n) => n + 1));
    await server.settle();
    expect(server.last.unread).toBe(0);
    await server.pass(45_250);
    expect(errors).toEqual(['ERR_CLIENT_SILENT']);
  });

  it('that is left gives up its queue, and the stream goes on', async () => {
    const { server, iteration, first } = await iterating({ maxWaiting: 1 });
    for (let seq = 1; seq <= 9; seq++) await server.last.write(hubEvent(seq, seq));
    expect(server.last.unread).toBeGreaterThan(0);
    await first;
    await iteration.return?.();
    await server.settle();
    expect(server.last.unread).toBe(0);
  });

  it('is the only one at a time', async () => {
    const { stream, iteration, first, server } = await iterating();
    await expect(stream[Symbol.asyncIterator]().next()).rejects.toThrow(TypeError);
    await server.last.write(hubEvent(1, 1));
    await first;
    await iteration.return?.();
    const next = stream[Symbol.asyncIterator]().next();
    await server.last.write(hubEvent(2, 2));
    expect((await next).value).toMatchObject({ data: 2 });
  });

  it('brings what waits, and then the end or its error', async () => {
    const { server, iteration, first, stream } = await iterating();
    await server.last.write(hubEvent(1, 1) + hubEvent(2, 2));
    await server.last.end();
    await server.pass(1);
    await server.last.answer(410);
    await stream.closed;
    expect([(await first).value, (await iteration.next()).value]).toMatchObject([{ data: 1 }, { data: 2 }]);
    await expect(iteration.next()).rejects.toMatchObject({ code: 'ERR_CLIENT_STATUS', status: 410 });
    expect(await iteration.next()).toEqual({ done: true, value: undefined });
    const other = await iterating();
    other.stream.close();
    expect(await other.first).toEqual({ done: true, value: undefined });
  });

  it('leaves out what concerns the connection alone', async () => {
    const { server, first } = await iterating();
    await server.last.write('event: sse.ping\ndata: {"time":1}\n\nevent: sse.expiring\ndata: {"at":1}\n\n');
    await server.last.write(hubEvent(1, 1));
    expect((await first).value).toMatchObject({ type: 'message', data: 1 });
  });
});
