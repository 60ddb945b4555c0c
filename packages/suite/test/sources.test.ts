/**
 * Group C, sources: what `send(source)` reads, and that it gives it back.
 *
 * | row | where |
 * |---|---|
 * | C8 | "C8 ...": iterators and generators. A generator that waits for something of its own must be given `connection.signal`: JavaScript cannot end it before that |
 * | C9, C10, C11 | below |
 */

import { EventEmitter, on } from 'node:events';
import { Readable } from 'node:stream';
import { ReadableStream } from 'node:stream/web';
import type { Connection, Source } from '@headwater/core';
import { expect, it, onTestFinished } from 'vitest';
import type { Handler } from './kit/app.js';
import { LEGS } from './kit/legs.js';
import { onEach } from './kit/on-each.js';
import { serve, share } from './kit/served.js';
import { turns, until } from './kit/wait.js';

const UMLAUT = Buffer.from('ä');

const MESSAGES: readonly unknown[] = ['a', { data: 'b' }, { data: { c: 1 }, event: 'e', id: 7 }];

const whole: { [name: string]: () => Source } = {
  'an array': () => MESSAGES,
  'a Set': () => new Set(MESSAGES),
  'a generator': function* () {
    yield* MESSAGES;
  },
  'an async generator': async function* () {
    for (const one of MESSAGES) yield await Promise.resolve(one);
  },
  'a Readable of objects': () => Readable.from(MESSAGES),
  'a web ReadableStream': () => ReadableStream.from(MESSAGES),
};

/** Sources that are silent after their first message, and whether each was given back. */
const endless: { [name: string]: (given: { back: boolean }, connection: Connection) => Source } = {
  'an iterator that waits': (given) => {
    const first = [{ done: false, value: 'first' }];
    const next = () =>
      new Promise<IteratorResult<string>>((resolve) => first.length > 0 && resolve(first.shift() as never));
    const giveBack = async () => {
      given.back = true;
      return { done: true as const, value: undefined };
    };
    return { [Symbol.asyncIterator]: () => ({ next, return: giveBack }) };
  },
  'a generator that waits with the signal': (given, { signal }) =>
    (async function* () {
      try {
        yield 'first';
        for await (const [value] of on(new EventEmitter(), 'never', { signal })) yield value;
      } finally {
        given.back = true;
      }
    })(),
  'a Readable': (given) =>
    new Readable({
      objectMode: true,
      read() {
        if (!given.back) this.push('first');
        this._read = () => {};
      },
      destroy(error, done) {
        given.back = true;
        done(error);
      },
    }),
  'a web ReadableStream': (given) =>
    new ReadableStream({
      start: (controller) => controller.enqueue('first'),
      cancel: () => {
        given.back = true;
      },
    }),
};

onEach(LEGS, (leg) => {
  const server = share(leg);

  for (const [name, make] of Object.entries(endless)) {
    it(`C8 C10 gives ${name} back as soon as the client leaves, while it is silent`, async () => {
      const own = await serve(leg);
      const given = { back: false };
      const results: unknown[] = [];
      const handler: Handler = async (connection) => results.push(await connection.send(make(given, connection)));
      const stream = await own.open(handler);
      expect(await stream.next()).toMatchObject({ data: 'first' });
      expect(given.back).toBe(false);
      await stream.close();
      await until(() => given.back && results.length === 1);
      expect(results).toEqual([false]);
      expect(own.record).toMatchObject({ closes: [{ reason: 'client' }], errors: [] });
      expect(own.failures).toEqual([]);
    });
  }

  it('C8 runs the finally block of a generator that waits for room', async () => {
    const own = await serve(leg);
    let finished = false;
    const generator = function* () {
      try {
        for (;;) yield { data: 'x'.repeat(60_000) };
      } finally {
        finished = true;
      }
    };
    const client = await own.pause((connection) => connection.send(generator()));
    await until(() => (own.record.opens[0]?.pendingBytes ?? 0) >= 65_536);
    expect(finished).toBe(false);
    client.hangUp();
    await until(() => finished);
    await until(() => own.record.closes.length === 1);
    expect(own.record).toMatchObject({ closes: [{ reason: 'client' }], errors: [] });
  });

  for (const [when, source] of [
    ['at once', () => failing([])],
    ['after a message', () => failing(['one'])],
  ] as const) {
    it(`C9 a source that fails ${when} ends the stream without a word of why, and rejects`, async () => {
      const own = await serve(leg);
      const caught: unknown[] = [];
      const stream = await own.open((connection) =>
        connection.send(source()).catch((error) => void caught.push(error)),
      );
      expect(await stream.closed).toEqual({ reason: 'end' });
      await until(() => caught.length === 1);
      expect(caught).toMatchObject([{ message: 'secret: password' }]);
      expect(stream.text).not.toContain('secret');
      expect(own.record.closes).toMatchObject([{ reason: 'error', detail: 'secret: password' }]);
      expect(own.record.errors).toMatchObject([{ source: 'source', error: { message: 'secret: password' } }]);
    });
  }

  it('C9 a failure that nobody awaits is reported, and one last message can tell the client of it', async () => {
    const own = await serve(leg);
    const stream = await own.open((connection) => {
      void connection.send(failing(['one']), { onError: () => ({ event: 'failed', data: 'try again' }) });
    });
    expect(await stream.closed).toEqual({ reason: 'end' });
    expect(stream.events).toMatchObject([{ data: 'one' }, { event: 'failed', data: 'try again' }]);
    expect(own.record.errors).toMatchObject([{ source: 'source' }]);
    expect(own.failures).toEqual([]);
  });

  it('C9 something in a source that is no message fails it, and gives it back', async () => {
    const own = await serve(leg);
    let finished = false;
    const stream = await own.open((connection) => {
      const generator = function* () {
        try {
          yield 'one';
          yield { hello: 'world' };
        } finally {
          finished = true;
        }
      };
      void connection.send(generator());
    });
    await stream.closed;
    await until(() => finished);
    expect(stream.events.map(({ data }) => data)).toEqual(['one']);
    expect(own.record.errors).toMatchObject([{ source: 'source', error: { name: 'TypeError' } }]);
  });

  for (const [name, make] of Object.entries(whole)) {
    it(`C10 C11 sends all of ${name} and ends the stream`, async () => {
      const results: unknown[] = [];
      const stream = await server().open(async (connection) => results.push(await connection.send(make())));
      expect(await stream.closed).toEqual({ reason: 'end' });
      expect(stream.events).toMatchObject([{ data: 'a' }, { data: 'b' }, { data: '{"c":1}', event: 'e', id: '7' }]);
      await until(() => results.length === 1);
      expect(results).toEqual([true]);
    });
  }

  it('C10 joins characters that a stream of bytes has cut in two', async () => {
    const bytes = Readable.from([
      Buffer.from('<'),
      UMLAUT.subarray(0, 1),
      Buffer.concat([UMLAUT.subarray(1), Buffer.from('>')]),
    ]);
    const stream = await server().open((connection) => connection.send(bytes));
    await stream.closed;
    expect(stream.events.map(({ data }) => data)).toEqual(['<', 'ä>']);
  });

  it('C10 fifty sources at once are sent through one stream, without a warning', async () => {
    const warnings: Error[] = [];
    const listener = (warning: Error) => void warnings.push(warning);
    process.on('warning', listener);
    onTestFinished(() => void process.off('warning', listener));
    const stream = await server().open(async (connection) => {
      const sends = Array.from({ length: 50 }, (_, n) => connection.send([{ data: n }, { data: n }], { end: 'keep' }));
      expect(await Promise.all(sends)).toEqual(Array(50).fill(true));
      connection.close();
    });
    await stream.closed;
    expect(stream.events.map(({ data }) => Number(data)).toSorted((a, b) => a - b)).toEqual(
      Array.from({ length: 100 }, (_, n) => n >> 1),
    );
    await turns();
    expect(warnings).toEqual([]);
  });

  it("C11 keeps the stream open at the source's end where it is told to", async () => {
    const stream = await server().open(async (connection) => {
      expect(await connection.send(['one'], { end: 'keep' })).toBe(true);
      expect(connection.isOpen).toBe(true);
      await connection.send('two');
    });
    expect(await stream.take(2)).toMatchObject([{ data: 'one' }, { data: 'two' }]);
    await turns();
    expect(stream.isOpen).toBe(true);
    await stream.close();
  });

  it('C11 refuses another end than close or keep', async () => {
    const stream = await server().open((connection) => {
      connection.open();
      expect(() => connection.send(['x'], { end: 'never' as 'keep' })).toThrow(TypeError);
      return connection.send('fine');
    });
    expect(await stream.next()).toMatchObject({ data: 'fine' });
    await stream.close();
  });
});

async function* failing(before: readonly string[]): AsyncGenerator<string> {
  yield* before;
  throw new Error('secret: password');
}
