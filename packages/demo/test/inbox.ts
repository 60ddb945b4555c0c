/** What something hands over, to be waited for. */
export class Inbox<Item> {
  readonly items: Item[] = [];
  #taken = 0;
  #wake = () => {};

  readonly put = (item: Item): void => {
    this.items.push(item);
    this.#wake();
  };

  /** The next `count` items, as soon as they are there. */
  async take(count: number): Promise<Item[]> {
    while (this.items.length < this.#taken + count) {
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
    this.#taken += count;
    return this.items.slice(this.#taken - count, this.#taken);
  }
}
