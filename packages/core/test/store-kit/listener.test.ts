import { expect, test } from 'vitest';
import { type Entry, SseError } from '../../src/index.js';
import { tellEntries, tellLost } from '../../src/store-kit/index.js';

const ENTRIES: readonly Entry[] = [
  { epoch: 'e', seq: 1, prev: 0, channel: 'a', body: Buffer.from('data: x\n'), time: 0 },
];

const never = () => {
  throw new Error('not to be called');
};

test('tellEntries hands on entries, and says so where the listener throws', () => {
  const seen: unknown[] = [];
  tellEntries({ entries: (entries) => seen.push(entries), lost: never }, ENTRIES);
  expect(seen).toEqual([ENTRIES]);
  expect(() => tellEntries({ entries: never, lost: never }, ENTRIES)).toThrow(
    expect.objectContaining({ code: 'ERR_SSE_CALLBACK', cause: new Error('not to be called') }),
  );
});

test('tellLost tells an error of ours as it is, and any other one as a cause', () => {
  const told: unknown[] = [];
  const listener = { entries: never, lost: (error: unknown) => told.push(error) };
  const ours = new SseError('ERR_SSE_FENCED', 'fenced');
  tellLost(listener, ours);
  tellLost(listener, new Error('broken pipe'));
  tellLost(listener, 'gone');
  expect(told[0]).toBe(ours);
  expect(told.slice(1)).toEqual([
    expect.objectContaining({ code: 'ERR_SSE_STORE', message: 'The tail was lost: broken pipe', statusCode: 503 }),
    expect.objectContaining({ code: 'ERR_SSE_STORE', message: 'The tail was lost: gone', cause: 'gone' }),
  ]);
});

test('tellLost does not care whether the listener throws', () => {
  expect(() => tellLost({ entries: never, lost: never }, new Error('x'))).not.toThrow();
});
