import { Buffer } from 'node:buffer';
import { describe, expect, it } from 'vitest';
import { LineSplitter } from '../src/line-splitter.js';

function split(chunks: readonly (string | Buffer)[], maxBytes = 100): string[] {
  const splitter = new LineSplitter(maxBytes);
  return [...chunks.flatMap((chunk) => splitter.push(Buffer.from(chunk))), ...splitter.end()];
}

describe('LineSplitter', () => {
  it('gives lines as soon as they are complete, and the rest at the end', () => {
    const splitter = new LineSplitter(100);
    expect(splitter.push(Buffer.from('one\ntwo\nthr'))).toEqual(['one', 'two']);
    expect(splitter.push(Buffer.from('ee'))).toEqual([]);
    expect(splitter.push(Buffer.from('\n'))).toEqual(['three']);
    expect(splitter.push(Buffer.from('four'))).toEqual([]);
    expect(splitter.end()).toEqual(['four']);
    expect(splitter.end()).toEqual([]);
  });

  it('keeps empty lines and drops the CR of a CRLF, also where a chunk ends between the two', () => {
    expect(split(['a\r', '\n\n\r\nb\rc\n'])).toEqual(['a', '', '', 'b\rc']);
  });

  it('gives the same lines wherever the bytes are cut', () => {
    const bytes = Buffer.from('naïve\n日本語\n👩‍🚀 out\r\n\nend');
    const whole = split([bytes]);
    expect(whole).toEqual(['naïve', '日本語', '👩‍🚀 out', '', 'end']);
    for (let at = 0; at <= bytes.length; at++) {
      expect(split([bytes.subarray(0, at), bytes.subarray(at)])).toEqual(whole);
    }
    expect(split([...bytes].map((byte) => Buffer.from([byte])))).toEqual(whole);
  });

  it('cuts long lines, never within a character, and goes on with the next line', () => {
    expect(split(['0123456789\n', '0123456789', 'abc\n', 'next\n'], 10)).toEqual(['0123456789', '0123456789…', 'next']);
    expect(split(['äöü\n'], 5)).toEqual(['äö…']);
    expect(split(['äöü'], 5)).toEqual(['äö…']);
  });

  it('does not keep what it was given: the reader uses its buffer again', () => {
    const splitter = new LineSplitter(100);
    const chunk = Buffer.from('abc');
    splitter.push(chunk);
    chunk.fill('x');
    expect(splitter.push(Buffer.from('\n'))).toEqual(['abc']);
  });

  it('shows what is not UTF-8 as replacement characters', () => {
    expect(split([Buffer.from([0x61, 0xff, 0x0a])])).toEqual(['a\ufffd']);
  });
});
