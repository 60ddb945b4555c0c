/** Seeded chance: the same seed, the same trial, as far as processes and sockets allow. */

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
