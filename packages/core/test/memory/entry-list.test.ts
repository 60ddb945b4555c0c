import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { EntryList, mergeAfter } from '../../src/memory/entry-list.js';
import type { Entry } from '../../src/store.js';

const body = new Uint8Array(0);
const entryOf = (seq: number): Entry => ({ seq, epoch: 'e', channel: 'c', time: 0, body });
const seqsOf = (entries: readonly Entry[]) => entries.map(({ seq }) => seq);

const step = fc.oneof(
  { weight: 5, arbitrary: fc.record({ do: fc.constant('push' as const), n: fc.nat(60), gap: fc.nat(3) }) },
  { weight: 3, arbitrary: fc.record({ do: fc.constant('shift' as const), n: fc.nat(60) }) },
  { weight: 3, arbitrary: fc.record({ do: fc.constant('remove' as const), n: fc.nat(60), pick: fc.nat(1_000) }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('cut' as const), back: fc.nat(30) }) },
);
type Step = typeof step extends fc.Arbitrary<infer T> ? T : never;

/** Returns the highest seq that the list has seen: the next one must be above, also where that one is gone. */
function run(list: EntryList, plain: number[], next: Step, top: number): number {
  if (next.do === 'push') {
    for (let i = 1; i <= next.n; i++) {
      const seq = top + i * (1 + next.gap);
      plain.push(seq);
      list.push(entryOf(seq));
    }
    return top + next.n * (1 + next.gap);
  }
  if (next.do === 'shift') {
    for (let i = 0; i < next.n && plain.length > 0; i++) expect(list.shift().seq).toBe(plain.shift());
  } else if (next.do === 'remove') {
    for (let i = 0; i < next.n && plain.length > 0; i++) {
      list.remove(plain.splice(next.pick % plain.length, 1)[0] as number);
    }
  } else {
    const seq = Math.max(0, top - next.back);
    const kept = plain.filter((one) => one <= seq);
    expect(seqsOf(list.cut(seq))).toEqual(plain.splice(kept.length));
    return seq;
  }
  return top;
}

test('EntryList holds what a plain array holds, whatever is pushed, shifted, removed and cut', () => {
  void fc.assert(
    fc.property(fc.array(step, { maxLength: 30, size: 'max' }), fc.nat(100), (steps, probe) => {
      const list = new EntryList();
      const plain: number[] = [];
      let top = 0;
      for (const next of steps) {
        top = run(list, plain, next, top);
        const seq = (plain[0] ?? 0) - 2 + probe;
        expect(list.size).toBe(plain.length);
        expect(list.first?.seq).toBe(plain[0]);
        expect(list.newest?.seq).toBe(plain.at(-1));
        expect(seqsOf(list.after(seq, 7))).toEqual(plain.filter((one) => one > seq).slice(0, 7));
      }
      expect(seqsOf(list.after(-1, Number.POSITIVE_INFINITY))).toEqual(plain);
    }),
    { numRuns: 100, seed: 1 },
  );
});

test('mergeAfter reads several lists as if they were one', () => {
  void fc.assert(
    fc.property(fc.array(fc.nat(9), { maxLength: 200 }), fc.nat(200), fc.nat(50), (owners, after, limit) => {
      const lists = Array.from({ length: 10 }, () => new EntryList());
      for (const [i, owner] of owners.entries()) lists[owner]?.push(entryOf(i + 1));
      const due = owners.map((_, i) => i + 1).filter((seq) => seq > after);
      expect(seqsOf(mergeAfter(lists, after, limit))).toEqual(due.slice(0, limit));
    }),
    { numRuns: 200, seed: 2 },
  );
});

test('EntryList does not grow with what was removed from its middle', () => {
  const list = new EntryList();
  const visited: number[] = [];
  list.push(entryOf(1));
  for (let seq = 2; seq <= 100_000; seq++) {
    list.push(entryOf(seq));
    if (seq > 11) list.remove(seq - 10);
  }
  for (let next = list.readerAfter(0), entry = next(); entry; entry = next()) visited.push(entry.seq);
  expect(visited).toHaveLength(11);
  expect(list.slots).toBeLessThan(100);
});
