import { isDeepStrictEqual } from 'node:util';
import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { hasCode } from '../../src/errors.js';
import { MemoryLog } from '../../src/memory/log.js';
import type { NewEntry } from '../../src/store.js';
import { BOUNDS, Model } from './model.js';

const CHANNELS = ['a', 'b', 'c'] as const;

const channel = fc.constantFrom(...CHANNELS);
const some = <T>(value: fc.Arbitrary<T>) => fc.option(value, { nil: undefined });

const entry = fc.record({
  channel,
  size: fc.nat(40),
  late: fc.nat(500),
  key: some(fc.constantFrom('k1', 'k2')),
});

const step = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({ do: fc.constant('append' as const), entries: fc.array(entry, { maxLength: 4 }) }),
  },
  { weight: 3, arbitrary: fc.record({ do: fc.constant('wait' as const), ms: fc.nat(2_500) }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('sweep' as const) }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('epoch' as const) }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('rollback' as const), back: fc.nat(12) }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('snapshot' as const), channel, back: fc.nat(8) }) },
  {
    weight: 4,
    arbitrary: fc.record({
      do: fc.constant('read' as const),
      back: fc.integer({ min: -2, max: 25 }),
      channels: some(fc.array(fc.constantFrom(...CHANNELS, 'never'), { maxLength: 4 })),
      limit: fc.nat(6),
    }),
  },
);
type Step = typeof step extends fc.Arbitrary<infer T> ? T : never;

/** The log and its model, driven with the same steps. */
class Pair {
  readonly log = new MemoryLog({ ...BOUNDS, retention: BOUNDS });
  readonly model = new Model();
  now = 1_000_000;
  #epochs = 0;

  constructor() {
    this.epoch();
  }

  epoch() {
    const epoch = `e${++this.#epochs}`;
    this.log.startEpoch(epoch);
    this.model.startEpoch(epoch);
  }

  run(next: Step) {
    if (next.do === 'wait') this.now += next.ms;
    else if (next.do === 'epoch') this.epoch();
    else if (next.do === 'append') this.append(next.entries);
    else if (next.do === 'read') {
      this.compare(this.model.head - next.back, next.channels, next.limit);
      this.since(Math.max(0, this.model.head - Math.max(0, next.back)));
    } else if (next.do === 'snapshot') this.snapshot(next.channel, Math.max(0, this.model.head - next.back));
    else if (next.do === 'rollback') {
      const toSeq = Math.max(0, this.model.head - next.back);
      this.log.rollback(toSeq);
      this.model.rollback(toSeq);
    } else {
      this.log.sweep(this.now);
      this.model.sweep(this.now);
    }
    this.compare(0, undefined, 100);
    this.compare(0, ['never', ...CHANNELS], 100);
    same(this.log.state(), { head: this.model.head, epochs: this.model.epochs });
    for (const name of CHANNELS) {
      same(this.log.loadSnapshot(name, this.now), this.model.loadSnapshot(name, this.now));
    }
  }

  append(drawn: readonly { channel: string; size: number; late: number; key: string | undefined }[]) {
    const entries: NewEntry[] = drawn.map(({ channel: name, size, late, key }) => ({
      channel: name,
      body: new Uint8Array(size),
      time: this.now - late,
      key,
    }));
    const { head } = this.model;
    const at = { epoch: this.model.epochAt(head) as string, seq: head };
    same(this.log.append(entries, at, this.now).appended, this.model.append(entries, this.now));
  }

  snapshot(name: string, seq: number) {
    const snapshot = { at: { epoch: this.model.epochAt(seq) as string, seq }, data: `to ${seq}`, time: this.now };
    if (this.model.isGoodAt(name, snapshot)) {
      this.model.saveSnapshot(name, snapshot, this.now);
      this.log.saveSnapshot(name, snapshot, this.now);
    } else {
      expect(codeOf(() => this.log.saveSnapshot(name, snapshot, this.now))).toBe('ERR_SSE_POSITION');
    }
  }

  since(seq: number) {
    const from = { epoch: this.model.epochAt(seq) as string, seq };
    if (this.model.trimmed > seq) expect(codeOf(() => this.log.since(from))).toBe('ERR_SSE_POSITION');
    else same(this.log.since(from), this.model.read(seq, undefined, 100).entries);
  }

  compare(after: number, channels: readonly string[] | undefined, limit: number) {
    same(this.log.read(after, channels, limit), this.model.read(after, channels, limit));
  }
}

/** `toEqual` only where it has something to say: it is by far the slowest part of the test. */
function same(actual: unknown, expected: unknown) {
  if (!isDeepStrictEqual(actual, expected)) expect(actual).toEqual(expected);
}

function codeOf(fn: () => unknown): unknown {
  try {
    fn();
  } catch (error) {
    return hasCode(error, 'ERR_SSE_POSITION') ? 'ERR_SSE_POSITION' : error;
  }
  return 'nothing thrown';
}

test('MemoryLog does what a plain array with filters does, whatever is appended, trimmed, swept, rolled back and read', () => {
  void fc.assert(
    fc.property(fc.array(step, { maxLength: 40, size: 'max' }), (steps) => {
      const pair = new Pair();
      for (const next of steps) pair.run(next);
    }),
    { numRuns: 300, seed: 20_240_611 },
  );
});
