import { describe, expect, test } from 'vitest';
import { toMessage } from '../src/message.js';

describe('toMessage', () => {
  test('takes a string as data', () => expect(toMessage('x')).toEqual({ data: 'x' }));
  test('takes an object with a field of a message as it is', () => {
    const message = { data: 1, other: true };
    expect(toMessage(message)).toBe(message);
  });

  const wrong: [name: string, value: unknown, hint: RegExp][] = [
    ['an object without fields of a message', { title: 'x' }, /fields title.*send\(\{ data: value \}\)/],
    ['null', null, /null/],
    ['undefined', undefined, /undefined/],
    ['a number', 5, /a number/],
    ['bytes', new Uint8Array(2), /Decode them/],
    ['an ArrayBuffer', new ArrayBuffer(2), /Decode them/],
  ];
  for (const [name, value, hint] of wrong) {
    test(`refuses ${name} and says what to write`, () => {
      expect(() => toMessage(value)).toThrow(TypeError);
      expect(() => toMessage(value)).toThrow(hint);
    });
  }
});
