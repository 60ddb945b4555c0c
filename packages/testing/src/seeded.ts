/**
 * Uniform numbers in [0, 1) that look random and are the same for the same `seed`: for a hub's `random`, and for whatever a test leaves
 * to chance. The generator is mulberry32 (Tommy Ettinger); never use it for secrets.
 */
export function seeded(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}
