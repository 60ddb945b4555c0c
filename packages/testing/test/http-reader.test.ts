import { describe, expect, it } from 'vitest';
import { BodyDecoder, readHead } from '../src/http-reader.js';

const CHUNKED = { 'transfer-encoding': 'chunked' };

describe('readHead', () => {
  it('gives status, headers and what follows', () => {
    const head =
      'HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nVary: a\r\nvary: b\r\nSet-Cookie: c\r\nset-cookie: d\r\n\r\n';
    expect(readHead(Buffer.from(`${head}rest`))).toEqual({
      head: {
        text: head,
        status: 200,
        headers: { 'content-type': 'text/event-stream', vary: 'a, b', 'set-cookie': ['c', 'd'] },
      },
      rest: Buffer.from('rest'),
    });
  });

  it('waits for the blank line, and refuses what is not HTTP', () => {
    expect(readHead(Buffer.from('HTTP/1.1 200 OK\r\n'))).toBeUndefined();
    expect(() => readHead(Buffer.from('SSH-2.0\r\n\r\n'))).toThrow('its first line is "SSH-2.0"');
  });
});

describe('BodyDecoder', () => {
  const body = Buffer.from('5\r\nhello\r\nA;x=1\r\n0123456789\r\n0\r\nTrailer: 1\r\n\r\n');

  it.each([1, 2, 3, 7, 1_000])('undoes chunks that come %i bytes at a time', (size) => {
    const decoder = new BodyDecoder(CHUNKED);
    let text = '';
    for (let at = 0; at < body.length; at += size) {
      expect(decoder.isComplete).toBe(at >= body.indexOf('0\r\nTrailer') + 3);
      text += decoder.decode(body.subarray(at, at + size));
    }
    expect(text).toBe('hello0123456789');
    expect(decoder.isComplete).toBe(true);
  });

  it('passes a body without a coding as it is', () => {
    expect(new BodyDecoder({}).decode(body)).toBe(body);
  });

  it('refuses what is no chunk', () => {
    expect(() => new BodyDecoder(CHUNKED).decode(Buffer.from('data: a\n'))).toThrow('"data: a" is no chunk size');
  });
});
