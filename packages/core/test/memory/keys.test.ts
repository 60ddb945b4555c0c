import { expect, test } from 'vitest';
import { KeyWindow } from '../../src/memory/keys.js';

const at = (seq: number) => ({ epoch: 'e', seq });

test('KeyWindow knows a key for its time, counted from when it was noted last', () => {
  const keys = new KeyWindow(100);
  keys.note('a', 'k', at(1), 0);
  expect(keys.find('a', 'k', 99)).toEqual(at(1));
  expect(keys.find('a', 'k', 100)).toBeUndefined();
  keys.note('a', 'k', at(2), 100);
  expect(keys.find('a', 'k', 199)).toEqual(at(2));
});

test('KeyWindow drops what has expired, also behind a key that was noted again', () => {
  const keys = new KeyWindow(100);
  keys.note('a', 'again', at(1), 0);
  keys.note('a', 'other', at(2), 50);
  keys.note('a', 'again', at(3), 120);
  keys.expire(160);
  expect(keys.size).toBe(1);
  keys.expire(220);
  expect(keys.size).toBe(0);
});

test('KeyWindow tells channels and keys apart that read the same when joined', () => {
  const keys = new KeyWindow(100);
  keys.note('a', 'bc', at(1), 0);
  expect(keys.find('ab', 'c', 0)).toBeUndefined();
  keys.note('1:a', 'b', at(2), 0);
  expect(keys.find('1', ':ab', 0)).toBeUndefined();
});
