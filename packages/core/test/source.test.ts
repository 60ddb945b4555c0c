import { once } from 'node:events';
import { PassThrough, Readable } from 'node:stream';
import { describe, expect, test } from 'vitest';
import { isSource, messagesOf, type Source } from '../src/source.js';

const never = new AbortController().signal;

async function all(source: Source): Promise<unknown[]> {
  const messages: unknown[] = [];
  for await (const message of messagesOf(source, never)) messages.push(message.data);
  return messages;
}

describe('messagesOf', () => {
  test('reads arrays, sets, generators, Node streams and web streams alike', async () => {
    const values = ['a', { data: 'b' }, 'c'];
    const sources: Source[] = [
      values,
      new Set(values),
      (function* () {
        yield* values;
      })(),
      (async function* () {
        yield* values;
      })(),
      Readable.from(values),
      ReadableStream.from(values) as Source,
    ];
    for (const source of sources) expect(await all(source)).toEqual(['a', 'b', 'c']);
  });

  test('puts a character together that two chunks of bytes cut in two', async () => {
    const euro = Buffer.from('€');
    expect((await all([euro.subarray(0, 1), euro.subarray(1)])).join('')).toBe('€');
  });

  test('refuses a value that is no message, and gives the source back', async () => {
    let returned = false;
    const source = (function* () {
      try {
        yield { title: 'x' };
      } finally {
        returned = true;
      }
    })();
    await expect(all(source)).rejects.toThrow(TypeError);
    expect(returned).toBe(true);
  });

  test('passes the error of the source on', async () => {
    await expect(
      all(
        (async function* () {
          yield 'a';
          throw new Error('broken');
        })(),
      ),
    ).rejects.toThrow('broken');
  });

  test('returns an idle generator when the client leaves', async () => {
    const client = new AbortController();
    let cleaned = false;
    const source = (async function* () {
      try {
        yield 'a';
        await once(client.signal, 'abort');
        yield 'b';
      } finally {
        cleaned = true;
      }
    })();
    const messages = messagesOf(source, client.signal);
    await messages.next();
    const idle = messages.next();
    client.abort();
    expect((await idle).done).toBe(true);
    await expect.poll(() => cleaned).toBe(true);
  });

  test('destroys an idle Node stream and cancels an idle web stream when the client leaves', async () => {
    const client = new AbortController();
    const stream = new PassThrough({ objectMode: true });
    let cancelled = false;
    const web = new ReadableStream({
      cancel: () => {
        cancelled = true;
      },
    });
    const waiting = [messagesOf(stream, client.signal).next(), messagesOf(web as Source, client.signal).next()];
    // Both have begun to wait for their first chunk.
    await Promise.resolve();
    client.abort();
    for (const result of await Promise.all(waiting)) expect(result.done).toBe(true);
    expect([stream.destroyed, cancelled]).toEqual([true, true]);
  });

  test('leaves no listener on the signal', async () => {
    const client = new AbortController();
    let listeners = 0;
    const { addEventListener, removeEventListener } = client.signal;
    client.signal.addEventListener = (...args: unknown[]) => {
      listeners++;
      return Reflect.apply(addEventListener, client.signal, args);
    };
    client.signal.removeEventListener = (...args: unknown[]) => {
      listeners--;
      return Reflect.apply(removeEventListener, client.signal, args);
    };
    for await (const _ of messagesOf(['a', 'b'], client.signal));
    expect(listeners).toBe(0);
  });
});

test('isSource tells iterables and streams from messages', () => {
  expect([[], new Set(), Readable.from([]), new ReadableStream()].map(isSource)).toEqual([true, true, true, true]);
  expect([{ data: 1 }, null, 5, undefined].map(isSource)).toEqual([false, false, false, false]);
});
