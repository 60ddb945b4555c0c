/** A histogram that costs a few nanoseconds per value: exact below 1,024, then 64 steps per power of two (1.6 %). */
const EXACT = 1_024;
const EXACT_BITS = 10;
const STEPS = 64;
const STEP_BITS = 6;
const LARGEST = 2 ** 31 - 1;

export class Histogram {
  readonly #counts = new Uint32Array(EXACT + (31 - EXACT_BITS) * STEPS);
  count = 0;
  max = 0;

  /** Takes an integer; what is negative counts as 0. */
  record(value: number): void {
    const bounded = Math.max(0, Math.min(value, LARGEST));
    const slot = slotOf(bounded);
    this.#counts[slot] = (this.#counts[slot] as number) + 1;
    this.count++;
    if (bounded > this.max) this.max = bounded;
  }

  /** The smallest value that `percent` of the values do not exceed, up to the width of a step; 0 while empty. */
  percentile(percent: number): number {
    const wanted = Math.ceil((this.count * percent) / 100);
    let seen = 0;
    for (let slot = 0; slot < this.#counts.length; slot++) {
      seen += this.#counts[slot] as number;
      if (seen >= wanted) return Math.min(leastOf(slot), this.max);
    }
    return this.max;
  }

  reset(): void {
    this.#counts.fill(0);
    this.count = 0;
    this.max = 0;
  }
}

function slotOf(value: number): number {
  if (value < EXACT) return value;
  const bits = 31 - Math.clz32(value);
  return EXACT + (bits - EXACT_BITS) * STEPS + ((value >>> (bits - STEP_BITS)) & (STEPS - 1));
}

function leastOf(slot: number): number {
  if (slot < EXACT) return slot;
  const bits = EXACT_BITS + Math.floor((slot - EXACT) / STEPS);
  return (STEPS + ((slot - EXACT) % STEPS)) * 2 ** (bits - STEP_BITS);
}
