import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { formatEventId, newEpoch, parseEventId } from '../src/event-id.js';

describe('EventId', () => {
  test('parseEventId reads what formatEventId writes', () => {
    fc.assert(
      fc.property(fc.nat(2 ** 31), fc.maxSafeNat(), (salt, seq) => {
        const epoch = newEpoch(() => salt / 2 ** 32);
        expect(parseEventId(formatEventId(epoch, seq))).toEqual({ epoch, seq });
      }),
      { seed: 1 },
    );
  });

  test('an EventId has at most 40 bytes that need no escaping anywhere', () => {
    const longest = formatEventId(
      newEpoch(() => 1 - 2 ** -53),
      Number.MAX_SAFE_INTEGER,
    );
    expect(longest.length).toBeLessThanOrEqual(40);
    expect(longest).toMatch(/^[0-9a-z.]+$/);
  });

  for (const text of [
    '',
    '.',
    'a',
    'a.',
    '.1',
    'a.01',
    'A.1',
    'a.1.2',
    'a.-1',
    'a.1 ',
    'a.1\n',
    'é.1',
    'a.zzzzzzzzzzz',
    '7',
    `a.${'1'.repeat(300)}`,
  ]) {
    test(`parseEventId refuses ${JSON.stringify(text.slice(0, 20))}`, () => expect(parseEventId(text)).toBeUndefined());
  }

  test('parseEventId never throws and never repairs', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 400 }), (text) => {
        const position = parseEventId(text);
        if (position) expect(formatEventId(position.epoch, position.seq)).toBe(text);
      }),
      { seed: 2, numRuns: 1_000 },
    );
  });
});
