/** Vectors: messages, their bytes, and the events that a client makes of them. */
import type { Sendable } from '@headwater/core';

export interface Vector {
  readonly name: string;
  readonly message: Sendable;
  readonly wire: string;
  readonly events: readonly { readonly event?: string; readonly data: string; readonly id?: string }[];
}

const vector = (name: string, message: Sendable, wire: string, ...events: Vector['events'][number][]): Vector => ({
  name,
  message,
  wire,
  events,
});

const data = (name: string, text: string, ...lines: string[]): Vector =>
  vector(name, { data: text }, `${lines.map((line) => `data: ${line}\n`).join('')}\n`, { data: lines.join('\n') });

export const VECTORS: readonly Vector[] = [
  vector('A1 sends a string as it is', { data: 'hello' }, 'data: hello\n\n', { data: 'hello' }),
  vector('A1 takes a bare string for data', 'hello', 'data: hello\n\n', { data: 'hello' }),
  vector('A2 sends an object as JSON on one line', { data: { a: 1 } }, 'data: {"a":1}\n\n', { data: '{"a":1}' }),
  vector('A2 sends an array as JSON', { data: [1, 'a\nb'] }, 'data: [1,"a\\nb"]\n\n', { data: '[1,"a\\nb"]' }),
  vector('A2 names its event', { event: 'story', data: 1 }, 'event: story\ndata: 1\n\n', { event: 'story', data: '1' }),
  vector('E7 sends 0 as data', { data: 0 }, 'data: 0\n\n', { data: '0' }),
  vector('E7 sends false as data', { data: false }, 'data: false\n\n', { data: 'false' }),
  vector('E7 sends null as data', { data: null }, 'data: null\n\n', { data: 'null' }),
  data('A3 keeps lines, empty lines and trailing line breaks', 'L1\nL2\n\nL4\n\n\n', 'L1', 'L2', '', 'L4', '', '', ''),
  data('A4 splits on a lone CR', 'A\rB', 'A', 'B'),
  data('A4 splits on CRLF', 'A\r\nB', 'A', 'B'),
  data('A4 splits on LF, CR and CRLF in one text', 'A\nB\rC\r\nD', 'A', 'B', 'C', 'D'),
  data('A4 keeps the empty line between two CR', 'Left\r\rRight', 'Left', '', 'Right'),
  data('A4 keeps a trailing CR as an empty line', 'A\r', 'A', ''),
  data('A5 dispatches empty data', '', ''),
  vector('A5 dispatches nothing for a block without data', { retry: 700, comment: 'c' }, ': c\nretry: 700\n'),
  data(
    'A9 cannot be made to end its block in data',
    '1\ndata: evil\n\nevent: admin',
    '1',
    'data: evil',
    '',
    'event: admin',
  ),
  vector(
    'A9 cannot be made to begin an event in a comment',
    { comment: 'c\n\nevent: admin\ndata: evil' },
    ': c\n: \n: event: admin\n: data: evil\n',
  ),
  vector('A10 begins each line of a comment with a colon', { comment: 'one\r\ntwo\rthree' }, ': one\n: two\n: three\n'),
  vector('A10 sends an empty comment', { comment: '' }, ':\n'),
  vector('A11 sends a retry of 250', { retry: 250 }, 'retry: 250\n'),
  vector('A11 sends a retry of 1000 with data', { retry: 1000, data: 'x' }, 'retry: 1000\ndata: x\n\n', { data: 'x' }),
  vector('A13 sends the number 0 as an id', { id: 0, data: 'x' }, 'data: x\nid: 0\n\n', { id: '0', data: 'x' }),
  vector('A13 sends an id of 128 bytes', { id: 'a'.repeat(128), data: 'x' }, `data: x\nid: ${'a'.repeat(128)}\n\n`, {
    id: 'a'.repeat(128),
    data: 'x',
  }),
  data('A14 keeps a leading space', ' x', ' x'),
  data('A15 keeps a leading colon', ': x', ': x'),
  data('A15 keeps a leading field name', 'data: x', 'data: x'),
  data('A15 keeps U+2028 and U+2029', 'a\u2028b\u2029c', 'a\u2028b\u2029c'),
  data('A15 keeps a byte order mark', '\uFEFFx', '\uFEFFx'),
  data('A15 keeps characters of four bytes', '😀 𝄞', '😀 𝄞'),
  data('A15 keeps NUL and other controls', 'a\u0000b\u0007c\u000B', 'a\u0000b\u0007c\u000B'),
  vector('A15 makes U+FFFD of a lone surrogate', { data: 'a\uD800b' }, 'data: a\uFFFDb\n\n', { data: 'a\uFFFDb' }),
  vector(
    'A18 puts a comment before the fields of its block',
    { comment: 'c', event: 'e', id: 7, data: 'x' },
    ': c\nevent: e\ndata: x\nid: 7\n\n',
    { event: 'e', id: '7', data: 'x' },
  ),
];

/** What cannot be sent: `code` where it is an SseError. */
export interface Refused {
  readonly name: string;
  readonly message: unknown;
  readonly error: { readonly name: string; readonly code?: string };
}

const circular: { self?: unknown } = {};
circular.self = circular;

const refused = (name: string, message: unknown, error: string, code?: string): Refused => ({
  name,
  message,
  error: { name: error, ...(code && { code }) },
});

export const REFUSED: readonly Refused[] = [
  ...['a\nb', 'a\rb', 'a\r\nb', '1\ndata: evil\n\nevent: admin', '\n'].flatMap((text) => [
    refused(`A6 refuses the id ${JSON.stringify(text)}`, { id: text, data: 'x' }, 'TypeError'),
    refused(`A7 refuses the event ${JSON.stringify(text)}`, { event: text, data: 'x' }, 'TypeError'),
  ]),
  refused('A8 refuses an id with NUL', { id: 'a\u0000b', data: 'x' }, 'TypeError'),
  refused('A8 refuses an id with a space', { id: 'a b', data: 'x' }, 'TypeError'),
  refused('A8 refuses an id beyond ASCII', { id: 'ä', data: 'x' }, 'TypeError'),
  refused('A8 refuses an id of 129 bytes', { id: 'a'.repeat(129), data: 'x' }, 'RangeError'),
  refused('A8 refuses an object as an id', { id: {}, data: 'x' }, 'TypeError'),
  refused('A8 refuses NaN as an id', { id: Number.NaN, data: 'x' }, 'TypeError'),
  refused('A12 refuses an empty id', { id: '', data: 'x' }, 'TypeError'),
  refused('A5 refuses an id without data', { id: 'a' }, 'TypeError'),
  refused('A5 refuses an event without data', { event: 'a' }, 'TypeError'),
  refused('A7 refuses a number as an event', { event: 7, data: 'x' }, 'TypeError'),
  ...[0, 249, Number.NaN, -1, 1.5, '5', '1000', Number.POSITIVE_INFINITY, 2 ** 53, null, '1\ndata: evil'].map((retry) =>
    refused(`A11 refuses a retry of ${typeof retry} ${JSON.stringify(retry)}`, { retry, data: 'x' }, 'RangeError'),
  ),
  refused('A10 refuses a number as a comment', { comment: 7 }, 'TypeError'),
  refused('A17 refuses a Buffer', Buffer.from('x'), 'TypeError'),
  refused('A17 refuses bytes as data', { data: new Uint8Array([1]) }, 'TypeError'),
  refused('A17 refuses an ArrayBuffer', new ArrayBuffer(1), 'TypeError'),
  refused('A17 refuses undefined', undefined, 'TypeError'),
  refused('A17 refuses null', null, 'TypeError'),
  refused('A17 refuses a number', 7, 'TypeError'),
  refused('A17 refuses an object that is no message', { hello: 'world' }, 'TypeError'),
  refused('A17 refuses an empty message', {}, 'TypeError'),
  refused('A17 refuses a message of undefined alone', { data: undefined }, 'TypeError'),
  refused('A17 refuses a function as data', { data: () => 1 }, 'SseError', 'ERR_SSE_SERIALIZE'),
  refused('A17 refuses a symbol as data', { data: Symbol('x') }, 'SseError', 'ERR_SSE_SERIALIZE'),
  refused('A17 refuses a BigInt as data', { data: 1n }, 'SseError', 'ERR_SSE_SERIALIZE'),
  refused('A17 refuses a circular object', { data: circular }, 'SseError', 'ERR_SSE_SERIALIZE'),
  refused(
    'A17 refuses data whose toJSON throws',
    {
      data: {
        toJSON: () => {
          throw new Error('no');
        },
      },
    },
    'SseError',
    'ERR_SSE_SERIALIZE',
  ),
  refused(
    'A17 refuses data whose toJSON gives nothing',
    { data: { toJSON: () => undefined } },
    'SseError',
    'ERR_SSE_SERIALIZE',
  ),
  refused('A16 refuses more than maxEventBytes', { data: 'x'.repeat(2 ** 20) }, 'SseError', 'ERR_SSE_EVENT_TOO_LARGE'),
];
