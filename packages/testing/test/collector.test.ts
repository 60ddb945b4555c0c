import { PassThrough } from 'node:stream';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { type Collector, collect } from '../src/index.js';

async function piped(timeoutMs = 5_000): Promise<{ body: PassThrough; stream: Collector }> {
  const body = new PassThrough();
  return { body, stream: await collect(body, { timeoutMs }) };
}

describe('Collector', () => {
  it('gives each event to one wait, in the order in which they were asked for', async () => {
    const { body, stream } = await piped();
    const waits = [stream.take(2), stream.next(), stream.until('c'), stream.next()] as const;
    body.write('data: 1\n\n');
    await stream.when(({ events }) => events.length === 1);
    body.write('data: 2\n\ndata: 3\n\ndata: skipped\n\nevent: c\ndata: 4\n\n');
    body.write('data: 5\n\n');
    const [two, third, c, last] = await Promise.all(waits);
    expect([...two, third, c, last].map(({ data }) => data)).toEqual(['1', '2', '3', '4', '5']);
    expect(stream.events).toHaveLength(6);
  });

  it('serves waits from events that came before', async () => {
    const { body, stream } = await piped();
    body.write('data: 1\n\ndata: 2\n\n');
    await stream.when(({ events }) => events.length === 2);
    expect((await stream.next()).data).toBe('1');
    expect(await stream.until(({ data }) => data === '2')).toMatchObject({ event: 'message' });
    expect(await stream.take(0)).toEqual([]);
    const again = [stream.until('x'), stream.until('x')];
    body.write('event: x\ndata: 3\n\nevent: x\ndata: 4\n\n');
    expect((await Promise.all(again)).map(({ data }) => data)).toEqual(['3', '4']);
  });

  it('shows comments, retry, lastEventId and the exact bytes, however they were cut', async () => {
    const { body, stream } = await piped();
    const text = 'retry: 2000\n:\n: grün\ndata: ü\nid: a.7\n\n';
    for (const byte of Buffer.from(text)) body.write(Buffer.of(byte));
    await stream.next();
    expect(stream).toMatchObject({ comments: ['', 'grün'], retry: 2000, lastEventId: 'a.7', text, status: 0 });
    expect(stream.raw).toEqual(Buffer.from(text));
  });

  it('resolves closed with how the stream ended', async () => {
    const ended = await piped();
    ended.body.end();
    expect(await ended.stream.closed).toEqual({ reason: 'end' });

    const broken = await piped();
    broken.body.destroy(new Error('no more'));
    expect(await broken.stream.closed).toEqual({ reason: 'cut', error: new Error('no more') });

    const vanished = await piped();
    vanished.body.destroy();
    expect(await vanished.stream.closed).toMatchObject({ reason: 'cut' });

    const closed = await piped();
    await closed.stream.close();
    await closed.stream.close();
    expect(await closed.stream.closed).toEqual({ reason: 'close' });
    expect(closed.body.destroyed).toBe(true);
    expect(closed.stream.isOpen).toBe(false);
  });

  it('iterates from the cursor to the end', async () => {
    const { body, stream } = await piped();
    body.end('data: 1\n\ndata: 2\n\ndata: 3\n\n');
    await stream.next();
    const seen: string[] = [];
    for await (const { data } of stream) seen.push(data);
    expect(seen).toEqual(['2', '3']);
  });

  it('closes the stream when a loop is left, and throws in it when the connection breaks', async () => {
    const left = await piped();
    left.body.write('data: 1\n\ndata: 2\n\n');
    for await (const { data } of left.stream) if (data === '1') break;
    expect(left.body.destroyed).toBe(true);

    const { body, stream } = await piped();
    body.write('data: 1\n\n');
    const loop = async () => {
      for await (const _event of stream) body.destroy(new Error('gone'));
    };
    await expect(loop()).rejects.toThrow('Cannot wait for an event: the connection broke (gone)');
  });
});

describe('Collector failures', () => {
  it('list what was received when a deadline is over', async () => {
    const { body, stream } = await piped(20);
    body.write(': hi\nevent: story\ndata: {"a":1}\nid: 4\n\ndata: half');
    await expect(stream.take(2)).rejects.toThrow(
      'Waited 20 ms in vain for 2 events. The Readable is still open. Received 1 event, 1 comment, 49 bytes\n' +
        '  1. story: {"a":1} (id 4)\n' +
        '  without a blank line yet: data: half',
    );
  });

  it('come at once when the stream ends before', async () => {
    const { body, stream } = await piped();
    const wait = stream.until('story');
    body.end('data: other\n\n');
    await expect(wait).rejects.toThrow(
      'Cannot wait for an event "story": the stream has ended. The Readable is over. Received 1 event, 0 comments, 13 bytes\n' +
        '  1. message: other',
    );
    await expect(stream.take(2)).rejects.toThrow('the stream has ended');
    expect((await stream.next()).data).toBe('other');
  });

  it('quote the condition that was not met, and point at the test', async () => {
    const { stream } = await piped(20);
    const error = await stream.when(({ retry }) => retry === 17).catch((thrown: Error) => thrown);
    expect(error).toMatchObject({
      message: expect.stringContaining('in vain for the condition ({ retry }) => retry === 17.'),
      stack: expect.stringContaining('collector.test.ts'),
    });
  });

  it('come in time although the test holds the timers still', async () => {
    const { stream } = await piped(20);
    vi.useFakeTimers();
    onTestFinished(() => void vi.useRealTimers());
    await expect(stream.next()).rejects.toThrow('Waited 20 ms in vain for an event.');
  });

  it('pass on what a condition throws', async () => {
    const { body, stream } = await piped();
    const wait = stream.until(({ data }) => JSON.parse(data));
    body.write('data: {\n\n');
    await expect(wait).rejects.toThrow(SyntaxError);
    expect((await stream.next()).data).toBe('{');
  });

  it('name the last 20 events of many, and cut long data', async () => {
    const { body, stream } = await piped(20);
    for (let n = 1; n <= 25; n++) body.write(`data: ${n} ${'x'.repeat(300)}\n\n`);
    const error = await stream.take(26).catch((thrown: Error) => thrown.message);
    expect(error).toContain('  ... 5 earlier events\n  6. message: 6 xxx');
    expect(error).not.toContain('x'.repeat(201));
  });

  it('give the next in line its turn when a wait expires', async () => {
    const { body, stream } = await piped(20);
    const blocked = stream.until('never');
    const next = stream.next();
    body.write('data: 1\n\n');
    await expect(blocked).rejects.toThrow('in vain for an event "never"');
    expect((await next).data).toBe('1');
  });

  it('refuse arguments that make no sense', async () => {
    const { stream } = await piped();
    expect(() => stream.take(-1)).toThrow(RangeError);
    await expect(collect(new PassThrough(), { timeoutMs: 0 })).rejects.toThrow(
      'timeoutMs must be a number between 1 and 2147483647, not 0',
    );
  });
});
