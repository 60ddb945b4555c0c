import { createParser, type EventSourceMessage } from 'eventsource-parser';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  decodeBody,
  encodeBody,
  encodeComment,
  encodeControl,
  encodeFrame,
  encodeLink,
  encodeMessage,
  withoutId,
} from '../src/frame.js';
import type { Message } from '../src/message.js';

const json = JSON.stringify;

function decode(text: string): EventSourceMessage[] {
  const events: EventSourceMessage[] = [];
  createParser({ onEvent: (event) => events.push(event) }).feed(text);
  return events;
}

const vectors: [name: string, message: Message, wire: string][] = [
  ['a string as it is', { data: 'hello' }, 'data: hello\n\n'],
  ['an object as JSON', { data: { a: 1 } }, 'data: {"a":1}\n\n'],
  ['falsy data', { data: 0 }, 'data: 0\n\n'],
  ['null', { data: null }, 'data: null\n\n'],
  ['an empty string, which clients dispatch', { data: '' }, 'data: \n\n'],
  ['LF, empty lines and trailing LFs', { data: 'a\n\nb\n\n' }, 'data: a\ndata: \ndata: b\ndata: \ndata: \n\n'],
  ['CR, CRLF and LF as line ends', { data: 'A\nB\rC\r\nD' }, 'data: A\ndata: B\ndata: C\ndata: D\n\n'],
  ['a lone CR pair as an empty line', { data: 'L\r\rR' }, 'data: L\ndata: \ndata: R\n\n'],
  ['data that looks like a field', { data: 'data: x' }, 'data: data: x\n\n'],
  ['a leading space', { data: ' x' }, 'data:  x\n\n'],
  ['id 0', { data: 'x', id: 0 }, 'data: x\nid: 0\n\n'],
  ['every field', { data: 'x', event: 'e', id: '7', retry: 250 }, 'event: e\nretry: 250\ndata: x\nid: 7\n\n'],
  ['a retry alone, without a blank line', { retry: 1000 }, 'retry: 1000\n'],
  ['a comment of two lines', { comment: 'a\nb' }, ': a\n: b\n'],
  ['an empty comment', { comment: '' }, ':\n'],
];

describe('encodeMessage', () => {
  for (const [name, message, wire] of vectors) {
    test(`writes ${name}`, () => expect(encodeMessage(message, json)).toBe(wire));
  }

  const wrong: [name: string, message: Message, error: new (...args: never[]) => Error][] = [
    ['an id with LF', { data: 'x', id: 'a\nb' }, TypeError],
    ['an id with CR', { data: 'x', id: 'a\rb' }, TypeError],
    ['an id with NUL', { data: 'x', id: 'a\0' }, TypeError],
    ['an empty id', { data: 'x', id: '' }, TypeError],
    ['an id beyond ASCII', { data: 'x', id: 'é' }, TypeError],
    ['an id of NaN', { data: 'x', id: Number.NaN }, TypeError],
    ['an id of 129 bytes', { data: 'x', id: 'a'.repeat(129) }, RangeError],
    ['an id without data', { id: 'a' }, TypeError],
    ['an event with LF', { data: 'x', event: 'a\nb' }, TypeError],
    ['an event with CR', { data: 'x', event: 'a\rb' }, TypeError],
    ['an event without data', { event: 'a' }, TypeError],
    ['an event that is no string', { data: 'x', event: 1 as never }, TypeError],
    ['a comment that is no string', { comment: 1 as never }, TypeError],
    ['retry 0', { retry: 0 }, RangeError],
    ['retry 249', { retry: 249 }, RangeError],
    ['retry 1.5', { retry: 1500.5 }, RangeError],
    ['retry NaN', { retry: Number.NaN }, RangeError],
    ['retry -1', { retry: -1 }, RangeError],
    ["retry '500'", { retry: '500' as never }, RangeError],
    ['bytes', { data: new Uint8Array(1) }, TypeError],
    ['nothing', {}, TypeError],
    ['undefined data', { data: undefined }, TypeError],
  ];
  for (const [name, message, error] of wrong) {
    test(`refuses ${name}`, () => expect(() => encodeMessage(message, json)).toThrow(error));
  }

  const unserializable: [string, unknown][] = [
    ['a function', () => {}],
    ['a BigInt', 1n],
    ['a symbol', Symbol('x')],
    [
      'a toJSON that throws',
      {
        toJSON: () => {
          throw new Error('no');
        },
      },
    ],
  ];
  for (const [name, data] of unserializable) {
    test(`says with ERR_SSE_SERIALIZE that ${name} cannot be serialized`, () => {
      expect(() => encodeMessage({ data }, json)).toThrow(expect.objectContaining({ code: 'ERR_SSE_SERIALIZE' }));
    });
  }

  test('says with ERR_SSE_SERIALIZE that a cycle cannot be serialized, and keeps the cause', () => {
    const cycle: Record<string, unknown> = {};
    cycle.self = cycle;
    expect(() => encodeMessage({ data: cycle }, json)).toThrow(
      expect.objectContaining({ cause: expect.any(TypeError) }),
    );
  });

  test('splits what a serializer returns, and refuses what is no string', () => {
    expect(encodeMessage({ data: [1] }, () => 'a\nb')).toBe('data: a\ndata: b\n\n');
    expect(() => encodeMessage({ data: [1] }, () => 1 as never)).toThrow(/returned number/);
  });

  test('lets nothing be injected: any message is at most one event, with its own fields', () => {
    const text = fc.oneof(
      fc.string({ unit: 'binary' }),
      fc.constantFrom('1\ndata: evil\n\nevent: admin', '\r\r', ':', '\uFEFF', '\u2028', '\n\n'),
    );
    const message = fc.record({ data: text, event: text, id: text, comment: text }, { requiredKeys: ['data'] });
    fc.assert(
      fc.property(message, (given) => {
        let wire: string;
        try {
          wire = Buffer.from(encodeMessage(given as Message, json)).toString();
        } catch (error) {
          expect(error).toBeInstanceOf(Error);
          return;
        }
        const events = decode(wire);
        expect(events).toHaveLength(1);
        const utf8 = (value: string) => Buffer.from(value).toString();
        expect(events[0]?.data).toBe(utf8(given.data).replace(/\r\n|\r/g, '\n'));
        expect(events[0]?.event ?? '').toBe(utf8(given.event ?? ''));
        expect(events[0]?.id).toBe(given.id);
      }),
      { seed: 7, numRuns: 500 },
    );
  });
});

describe('frames of the hub', () => {
  const body = Buffer.from(encodeBody({ event: 'story', data: 'L1\nL2' }, json));

  test('encodeFrame puts the id line before the body and a blank line after it', () => {
    expect(encodeFrame('e.1', body).toString()).toBe('event: story\ndata: L1\ndata: L2\nid: e.1\n\n');
  });

  test('withoutId leaves the id line out, and the frame, which is shared, as it is', () => {
    const frame = encodeFrame('e.1', body);
    expect(Buffer.from(withoutId(frame)).toString()).toBe('event: story\ndata: L1\ndata: L2\n\n');
    expect(frame).toEqual(encodeFrame('e.1', body));
  });

  test('decodeBody gives back event and data, of a body or of a frame', () => {
    expect(decodeBody(body)).toEqual({ event: 'story', data: 'L1\nL2' });
    expect(decodeBody(encodeFrame('e.1', body))).toEqual({ event: 'story', data: 'L1\nL2' });
    expect(decodeBody(Buffer.from('data: \n'))).toEqual({ event: 'message', data: '' });
  });

  test('decodeBody is not misled by comments and retry lines', () => {
    const odd = encodeBody({ comment: 'data: no\nevent: no', retry: 300, data: 'yes' }, json);
    expect(decodeBody(Buffer.from(odd))).toEqual({ event: 'message', data: 'yes' });
  });

  test('encodeLink names the channel and the previous place, or nothing where it is unknown', () => {
    const frame = { seq: 9, channel: 'news', prev: 7, region: undefined, trace: undefined, time: 0, bytes: body };
    expect(Buffer.from(encodeLink(frame)).toString()).toBe(': news 7\n');
    expect(encodeLink({ ...frame, prev: undefined })).toHaveLength(0);
  });

  test('encodeControl carries an id only where it is given one', () => {
    expect(encodeControl('ping', { a: 1 })).toBe('event: sse.ping\ndata: {"a":1}\n\n');
    expect(encodeControl('ping', { a: 1 }, 'e.1')).toBe('event: sse.ping\ndata: {"a":1}\nid: e.1\n\n');
  });

  test('encodeComment ends no event', () => {
    expect(decode(`data: a\n${encodeComment('x\r\ny')}\n`)).toEqual([{ data: 'a', event: undefined, id: undefined }]);
  });
});
