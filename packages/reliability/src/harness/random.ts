/** Seeded chance: the same seed, the same trial, as far as processes and sockets allow. */

/** Uniform numbers in [0, 1): mulberry32. */
export function seeded(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** An integer of `[0, limit)`. */
export function below(random: () => number, limit: number): number {
  return Math.floor(random() * limit);
}

/** One of `list`. */
export function pick<T>(random: () => number, list: readonly T[]): T {
  return list[below(random, list.length)] as T;
}

/** Some of `list`, at least one, in its order. */
export function some<T>(random: () => number, list: readonly T[]): T[] {
  const chosen = list.filter(() => random() < 0.5);
  return chosen.length > 0 ? chosen : [pick(random, list)];
}
