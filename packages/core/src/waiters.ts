/** Whoever waits for a place in the log to be reached. */
export class Waiters {
  #list: { seq: number; wake: () => void }[] = [];

  get size(): number {
    return this.#list.length;
  }

  until(seq: number): Promise<void> {
    return new Promise((wake) => this.#list.push({ seq, wake }));
  }

  /** Wakes those who wait for `seq` or less. */
  wake(seq: number): void {
    if (this.#list.length === 0) return;
    const ready = this.#list.filter((waiter) => waiter.seq <= seq);
    this.#list = this.#list.filter((waiter) => waiter.seq > seq);
    for (const { wake } of ready) wake();
  }
}
