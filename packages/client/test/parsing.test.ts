/** What a client must make of a stream's bytes: WHATWG HTML, section 9.2.6, however the bytes are cut. */
import { describe, expect, it } from 'vitest';
import { type Frame, frameReader } from '../src/frames.js';
import { CASES, event, LINE_ENDS } from './kit/cases.js';

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

/** False where the runtime's decoder makes another text of the pieces: Node 24's drops a second mark if the first one is cut. */
function isDecoded(pieces: readonly Uint8Array[]): boolean {
  const decoder = new TextDecoder();
  const text = pieces.map((piece) => decoder.decode(piece, { stream: true })).join('');
  return text === new TextDecoder().decode(Buffer.concat(pieces));
}

describe.each(LINE_ENDS)('lines that end with %s', (_name, end) => {
  it.each(CASES)('%s', (_case, wire, events) => {
    const bytes = new TextEncoder().encode(wire.replaceAll('\n', end));
    expect(read([bytes]).events).toEqual(events);
    expect(read([...bytes].map((byte) => Uint8Array.of(byte))).events).toEqual(events);
    // A piece without bytes is none.
    expect(read([...bytes].flatMap((byte) => [Uint8Array.of(byte), new Uint8Array()])).events).toEqual(events);
    for (let at = 1; at < bytes.length; at++) {
      const pieces = [bytes.subarray(0, at), bytes.subarray(at)];
      if (isDecoded(pieces)) expect(read(pieces).events).toEqual(events);
      else expect([wire.slice(0, 2), read(pieces).events]).toEqual(['\uFEFF\uFEFF', [event('a'), event('b')]]);
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
