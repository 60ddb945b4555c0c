import { describe, expect, test } from 'vitest';
import type { Frame } from '../src/frame.js';
import { Ring } from '../src/ring.js';

const frame = (seq: number, channel = 'c', size = 10): Frame => ({
  seq,
  channel,
  prev: undefined,
  region: undefined,
  trace: undefined,
  time: 0,
  bytes: new Uint8Array(size),
});

function filled(maxEvents: number, maxBytes: number, count: number): Ring {
  const ring = new Ring(maxEvents, maxBytes);
  for (let seq = 1; seq <= count; seq++) ring.append(frame(seq));
  return ring;
}

describe('Ring', () => {
  test('covers the places after its base, and holds their frames', () => {
    const ring = new Ring(10, 1_000);
    ring.clear(41);
    ring.append(frame(42));
    expect([ring.base, ring.head, ring.at(42)?.seq, ring.at(41), ring.at(43)]).toEqual([
      41,
      42,
      42,
      undefined,
      undefined,
    ]);
    expect([ring.covers('c', 41), ring.covers('c', 40)]).toEqual([true, false]);
  });

  test('evict drops the oldest beyond the number of events', () => {
    const ring = filled(3, 1_000, 10);
    ring.evict(10);
    expect([ring.base, ring.head, ring.at(8)?.seq, ring.at(7)]).toEqual([7, 10, 8, undefined]);
  });

  test('evict drops the oldest beyond the number of bytes', () => {
    const ring = filled(100, 35, 10);
    ring.evict(10);
    expect(ring.base).toBe(7);
  });

  test('evict drops nothing that a flush may still need', () => {
    const ring = filled(3, 1_000, 10);
    ring.evict(4);
    expect([ring.base, ring.at(5)?.seq]).toEqual([4, 5]);
  });

  test('keeps its places right while it evicts far more than it holds', () => {
    const ring = new Ring(100, 1_000_000);
    for (let seq = 1; seq <= 20_000; seq++) {
      ring.append(frame(seq));
      ring.evict(seq);
    }
    expect([ring.base, ring.head]).toEqual([19_900, 20_000]);
    for (let seq = 19_901; seq <= 20_000; seq++) expect(ring.at(seq)?.seq).toBe(seq);
  });

  test('warm leaves places without an entry empty, and covers a channel only from its floor on', () => {
    const ring = new Ring(100, 1_000);
    ring.clear(10);
    ring.warm([frame(12, 'a'), frame(15, 'b')], 20, new Map([['b', 14]]), 0);
    expect([ring.head, ring.at(11), ring.at(12)?.channel, ring.at(15)?.channel, ring.at(20)]).toEqual([
      20,
      undefined,
      'a',
      'b',
      undefined,
    ]);
    expect([ring.covers('a', 10), ring.covers('b', 10), ring.covers('b', 13), ring.covers('b', 14)]).toEqual([
      true,
      false,
      false,
      true,
    ]);
  });

  test('warm trusts no channel that the store has forgotten', () => {
    const ring = new Ring(100, 1_000);
    ring.clear(10);
    ring.warm([], 20, new Map(), 18);
    expect([ring.covers('unknown', 17), ring.covers('unknown', 18)]).toEqual([false, true]);
  });
});
