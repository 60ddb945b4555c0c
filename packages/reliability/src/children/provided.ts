/**
 * Provided: a channel whose state the application itself keeps, as most do: a table that changes, events that say how, and a provider
 * that reads the table.
 */
import type { Hub } from '@headwater/core';

export class Provided {
  readonly channel: string;
  readonly state: { [key: string]: number } = {};
  /** Milliseconds, monotonic, of each call of the provider. */
  readonly calls: number[] = [];

  constructor(channel: string) {
    this.channel = channel;
  }

  /** The table first: a provider's state must include everything that was published before its call. */
  async mutate(hub: Hub, { key, value }: { key: string; value: number }): Promise<object> {
    this.state[key] = value;
    return hub.publish(this.channel, { data: { key, value } });
  }

  readonly provide = async (channel: string): Promise<unknown> => {
    if (channel !== this.channel) return undefined;
    this.calls.push(performance.now());
    const state = { ...this.state };
    // A database takes a moment, in which the table changes.
    await new Promise((resolve) => setImmediate(resolve));
    return state;
  };
}
