/**
 * The total bound of the memory log: what has to go when all channels together hold too much. Pure.
 * Invariant: a channel that holds less than the level is not touched, so a noisy channel never evicts a quiet one's history.
 */

/** This part of the bound is trimmed beyond what is needed: that pays for the look at every channel. */
const SPARE_PART = 64;

/**
 * The level to which channels are trimmed so that `costs` together come below `bound`: the same as trimming, entry by entry,
 * whichever channel holds the most at that moment. `costs` is sorted in place.
 */
export function levelBelow(bound: number, costs: Float64Array): number {
  costs.sort();
  let excess = -(bound - Math.floor(bound / SPARE_PART));
  for (const cost of costs) excess += cost;
  if (excess <= 0) return Number.POSITIVE_INFINITY;
  let above = 0;
  for (let i = costs.length - 1; i > 0; i--) {
    above += costs[i] as number;
    const level = (above - excess) / (costs.length - i);
    if (level >= (costs[i - 1] as number)) return level;
  }
  return (above + (costs[0] as number) - excess) / costs.length;
}
