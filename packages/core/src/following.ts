/** What a cursor follows: its subscriptions, each with the place above which entries are due. Only the cursor moves these places. */
import type { Frame } from './frame.js';
import type { Subscription } from './subscription.js';

export class Following {
  readonly #map = new Map<string, Subscription>();

  get channels(): string[] {
    return [...this.#map.keys()];
  }

  get isEmpty(): boolean {
    return this.#map.size === 0;
  }

  get isFiltered(): boolean {
    for (const { filter } of this.#map.values()) if (filter) return true;
    return false;
  }

  get isTraced(): boolean {
    for (const { trace } of this.#map.values()) if (trace) return true;
    return false;
  }

  /** The EventId that a subscription asked to begin after, if one did. */
  get fromId(): string | undefined {
    for (const { from } of this.#map.values()) if (from !== 'now' && from !== 'earliest') return from;
    return undefined;
  }

  all(): IterableIterator<Subscription> {
    return this.#map.values();
  }

  get(channel: string): Subscription | undefined {
    return this.#map.get(channel);
  }

  has(channel: string): boolean {
    return this.#map.has(channel);
  }

  /** The names of the subscriptions that pass `test`. */
  namesWhere(test: (subscription: Subscription) => boolean): string[] {
    return [...this.#map.values()].filter(test).map(({ channel }) => channel);
  }

  add(subscription: Subscription, start: number): void {
    this.#map.set(subscription.channel, { ...subscription, start });
  }

  remove(channel: string): void {
    this.#map.delete(channel);
  }

  start(channel: string, start: number): void {
    const subscription = this.#map.get(channel);
    if (subscription) this.add(subscription, start);
  }

  startAll(start: number): void {
    for (const subscription of this.#map.values()) this.add(subscription, start);
  }

  /** The place to read from so that every channel gets what is due. */
  lowestStart(otherwise: number): number {
    let lowest = Number.POSITIVE_INFINITY;
    for (const { start } of this.#map.values()) lowest = Math.min(lowest, start);
    return lowest === Number.POSITIVE_INFINITY ? otherwise : lowest;
  }

  /** The channels whose history above the place `seq` is no longer complete. */
  trimmed(seq: number, floorOf: ((channel: string) => number) | undefined): string[] {
    return floorOf ? this.namesWhere(({ channel, start }) => floorOf(channel) > Math.max(start, seq)) : [];
  }

  isDue(frame: Frame, seq: number): boolean {
    const subscription = this.#map.get(frame.channel);
    return subscription !== undefined && frame.seq > Math.max(subscription.start, seq);
  }
}
