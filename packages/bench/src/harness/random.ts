/** Numbers that look random and are the same in every run (xorshift32), so that every variant is asked for the same places. */
export class Random {
  #state = 0x9e3779b9;

  /** An integer from `least` to `most`, both included. */
  between(least: number, most: number): number {
    let state = this.#state;
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    this.#state = state >>> 0;
    return least + (this.#state % (most - least + 1));
  }
}
