/** What a client must make of a stream's bytes: WHATWG HTML, section 9.2.6, however the bytes are cut. */
import { describe, expect, it } from 'vitest';
import { type Frame, frameReader } from '../src/frames.js';

interface Read {
  readonly events: readonly { type: string; data: string; id: string | undefined }[];
  readonly comments: number;
  readonly retries: readonly number[];
}

function read(pieces: readonly Uint8Array[]): Read {
  const frames: Frame[] = [];
  const retries: number[] = [];
  let comments = 0;
  const feed = frameReader(
    1_000_000,
    (frame) => frames.push(frame),
    () => comments++,
    (ms) => retries.push(ms),
  );
  for (const piece of pieces) feed(piece);
  return { events: frames.map(({ type, text, id }) => ({ type, data: text, id })), comments, retries };
}

const event = (data: string, type = 'message', id?: string) => ({ type, data, id });

/** Name, wire, events. Where a line end is not what is tested, it is replaced by each of the three. */
const CASES: [name: string, wire: string, events: ReturnType<typeof event>[]][] = [
  ['one line', 'data: Hello\n\n', [event('Hello')]],
  ['two events', 'data: Hello\n\ndata: World\n\n', [event('Hello'), event('World')]],
  ['no space after the colon', 'data:Hello\n\n', [event('Hello')]],
  ['one space of several is dropped', 'data:  Hello \n\n', [event(' Hello ')]],
  ['a tab is no space', 'data:\tHello\n\n', [event('\tHello')]],
  ['several data lines', 'data: a\ndata: b\ndata:c\n\n', [event('a\nb\nc')]],
  ['empty data lines count', 'data\ndata:\ndata: a\ndata:\n\n', [event('\n\na\n')]],
  ['a single empty data line is an event', 'data:\n\n', [event('')]],
  ['data without a colon is an event', 'data\n\n', [event('')]],
  ['a block without data is none', 'event: greeting\nid: 1\n\ndata: a\n\n', [event('a')]],
  ['an event name', 'event: greeting\ndata: a\n\n', [event('a', 'greeting')]],
  ['an empty event name is message', 'event:\ndata: a\n\nevent\ndata: b\n\n', [event('a'), event('b')]],
  ['an event name is for one event', 'event: greeting\ndata: a\n\ndata: b\n\n', [event('a', 'greeting'), event('b')]],
  ['the last event name counts', 'event: a\nevent: b\ndata: c\n\n', [event('c', 'b')]],
  ['an event name in between', 'data: a\nevent: x\ndata: b\n\n', [event('a\nb', 'x')]],
  ['an id', 'id: 7\ndata: a\n\ndata: b\n\n', [event('a', 'message', '7'), event('b')]],
  ['an empty id', 'id: \ndata: a\n\nid\ndata: b\n\n', [event('a', 'message', ''), event('b', 'message', '')]],
  ['an id with NUL is ignored', 'id: 7\0\ndata: a\n\n', [event('a')]],
  ['an unknown field is ignored', 'other: x\ndata: a\nDATA: b\n data: c\n\n', [event('a')]],
  ['a field name alone is ignored', 'whatever\ndata: a\n\n', [event('a')]],
  ['comments are no events', ': comment\n\n:\n\n::\ndata: a\n: b\ndata: c\n\n', [event('a\nc')]],
  ['blank lines are no events', '\n\n\n\ndata: a\n\n\n\n', [event('a')]],
  ['what is not complete is no event', 'data: a\n\ndata: b\n', [event('a')]],
  ['a value with colons', 'data: a:b: c\n\n', [event('a:b: c')]],
  ['NUL in data', 'data: a\0b\n\n', [event('a\0b')]],
  ['characters of one to four bytes', 'data: aü✓😀\n\n', [event('aü✓😀')]],
  ['separators of other standards are data', 'data: a\u2028b\u2029c\u0085d\n\n', [event('a\u2028b\u2029c\u0085d')]],
  ['a byte order mark is ignored', '\uFEFFdata: a\n\n', [event('a')]],
  ['a second byte order mark is not', '\uFEFF\uFEFFdata: a\n\ndata: b\n\n', [event('b')]],
  ['a byte order mark in data stays', 'data: \uFEFFa\n\n', [event('\uFEFFa')]],
  ['JSON', 'data: {"a": [1, null]}\n\n', [event('{"a": [1, null]}')]],
];

const LINE_ENDS = [
  ['LF', '\n'],
  ['CRLF', '\r\n'],
  ['CR', '\r'],
] as const;

describe.each(LINE_ENDS)('lines that end with %s', (_name, end) => {
  it.each(CASES)('%s', (_case, wire, events) => {
    // A CR may be half of a CRLF: what ends with one is complete with the next line, the next heartbeat say.
    const bytes = new TextEncoder().encode(wire.replaceAll('\n', end) + (end === '\r' ? ':\r' : ''));
    expect(read([bytes]).events).toEqual(events);
    expect(read([...bytes].map((byte) => Uint8Array.of(byte))).events).toEqual(events);
    for (let at = 1; at < bytes.length; at++) {
      expect(read([bytes.subarray(0, at), bytes.subarray(at)]).events).toEqual(events);
    }
  });
});

describe('a stream', () => {
  it('may mix the ends of its lines', () => {
    const bytes = new TextEncoder().encode('data: a\r\ndata: b\ndata: c\r\r\ndata: d\n\r\n');
    expect(read([bytes]).events).toEqual([event('a\nb\nc'), event('d')]);
  });

  it('that is no UTF-8 has replacement characters, and goes on', () => {
    const bytes = Uint8Array.of(...Buffer.from('data: a'), 0xff, 0xc3, ...Buffer.from('b\n\ndata: c\n\n'));
    expect(read([bytes]).events).toEqual([event('a\uFFFD\uFFFDb'), event('c')]);
  });

  it('tells comments and retry times', () => {
    const bytes = new TextEncoder().encode(':\nretry: 7\nretry: x\nretry: 1.5\nretry:\n: hello\nretry: 08\n');
    expect(read([bytes])).toMatchObject({ events: [], comments: 2, retries: [7, 8] });
  });

  it('of an endless line is bounded', () => {
    const feed = frameReader(
      1_000,
      () => {},
      () => {},
      () => {},
    );
    const piece = Buffer.from('x'.repeat(100));
    const readOn = () => {
      for (let n = 0; n < 100; n++) feed(piece);
    };
    expect(readOn).toThrow(expect.objectContaining({ code: 'ERR_CLIENT_TOO_LARGE' }));
  });

  it('of an endless event is bounded', () => {
    const feed = frameReader(
      1_000,
      () => {},
      () => {},
      () => {},
    );
    const readOn = () => {
      for (let n = 0; n < 100; n++) feed(Buffer.from('data: 0123456789012345678901234567890123456789\n'));
    };
    expect(readOn).toThrow(expect.objectContaining({ code: 'ERR_CLIENT_TOO_LARGE' }));
  });

  it('brings one large event cut into many pieces', () => {
    const data = 'ü0123456789'.repeat(50_000);
    const bytes = new TextEncoder().encode(`data: ${data}\n\n`);
    const pieces = Array.from({ length: Math.ceil(bytes.length / 997) }, (_, n) =>
      bytes.subarray(n * 997, n * 997 + 997),
    );
    expect(read(pieces).events).toEqual([event(data)]);
  });
});
