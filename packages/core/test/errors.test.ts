import { describe, expect, test } from 'vitest';
import { shown } from '../src/errors.js';

describe('shown', () => {
  test.each([
    ['plain', '"plain"'],
    ['two\nlines\r\n', '"two\\nlines\\r\\n"'],
    ['\u001b[31mred', '"\\u001b[31mred"'],
    ['\u009b31mred\u007f', '"\\u009b31mred\\u007f"'],
    ['a\u2028b\u2029c', '"a\\u2028b\\u2029c"'],
    ['größer', '"größer"'],
  ])('puts %j on one line, quoted, without controls', (text, expected) => {
    expect(shown(text)).toBe(expected);
  });

  test('cuts what is long', () => {
    expect(shown('x'.repeat(1_000))).toHaveLength(82);
    expect(shown('x'.repeat(1_000), 200)).toHaveLength(202);
  });
});
