/** The proxy of row 14: it must leave out what it counts, and nothing else. */
import { Buffer } from 'node:buffer';
import { describe, expect, it } from 'vitest';
import { encode, RespReader, readEntries } from '../src/harness/resp.js';

const bulk = (text: string) => `$${Buffer.byteLength(text)}\r\n${text}\r\n`;
const array = (...items: string[]) => `*${items.length}\r\n${items.join('')}`;
const entry = (id: string) => array(bulk(id), array(bulk('field'), bulk('va\r\nlue')));
const answer = (...ids: string[]) => array(array(bulk('feed'), array(...ids.map(entry))));

const ANSWERS = [
  answer('1-0', '2-0', '3-0'),
  '+OK\r\n',
  ':7\r\n',
  '$-1\r\n',
  '*-1\r\n',
  '*0\r\n',
  '-ERR no\r\n',
  bulk('größer'),
];

describe('RespReader', () => {
  it('finds every answer, whole, wherever the bytes are cut', () => {
    const bytes = Buffer.from(ANSWERS.join(''));
    for (let cut = 0; cut <= bytes.length; cut++) {
      const reader = new RespReader();
      const answers = [...reader.push(bytes.subarray(0, cut)), ...reader.push(bytes.subarray(cut))];
      expect(answers.map((one) => encode(one).toString())).toEqual(ANSWERS);
    }
  });
});

describe('readEntries', () => {
  const read = (text: string) => readEntries(new RespReader().push(Buffer.from(text))[0]!);

  it('knows the answer to XREAD from others', () => {
    expect(read(answer('1-0', '2-0'))?.entries).toHaveLength(2);
    for (const other of [
      array(),
      array(bulk('1-0')),
      array(entry('1-0')),
      array(array(bulk('feed'), array())),
      '+OK\r\n',
    ]) {
      expect(read(other)).toBeUndefined();
    }
  });

  it('puts fewer entries in the place of all', () => {
    const found = read(answer('1-0', '2-0', '3-0'))!;
    expect(found.encodeWith([found.entries[0]!, found.entries[2]!]).toString()).toBe(answer('1-0', '3-0'));
    expect(found.encodeWith([]).toString()).toBe('*-1\r\n');
  });
});
