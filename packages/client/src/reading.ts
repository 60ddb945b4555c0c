/**
 * Reading: the iteration over what arrives. A full queue stops the stream from being read, so that a consumer that is slow slows the
 * server and not the memory. An event counts as applied when the next one is asked for.
 */
import type { Incoming } from './events.js';

export interface Reading {
  /** The iteration, from its first `next()` on. One at a time. */
  open(): AsyncGenerator<Incoming, void, undefined>;
  /** @param before The position without this event. */
  push(event: Incoming, before: string): void;
  /** Resolves when the queue has room; undefined where it has. */
  room(): Promise<void> | undefined;
  /** The position before the oldest event that is not applied; undefined where all are. */
  oldest(): string | undefined;
  end(error: Error | undefined): void;
}

/** @param progress Called when an event has been applied. */
export function createReading(maxWaiting: number, progress: () => void): Reading {
  let items: { readonly event: Incoming; readonly before: string }[] | undefined;
  let ended: { error: Error | undefined } | undefined;
  /** The consumer waits for an event, or the stream for room: never both. */
  let goOn = () => {};
  const wait = () =>
    new Promise<void>((resolve) => {
      goOn = resolve;
    });
  const isFull = () => items !== undefined && items.length > maxWaiting;
  const moved = () => {
    if (!isFull()) goOn();
    progress();
  };
  return {
    async *open() {
      if (items) throw new TypeError('Iterated already');
      items = [];
      try {
        for (;;) {
          const [item] = items;
          if (item) {
            yield item.event;
            items.shift();
            moved();
          } else if (ended) {
            if (ended.error) throw ended.error;
            return;
          } else await wait();
        }
      } finally {
        items = undefined;
        moved();
      }
    },
    push(event, before) {
      items?.push({ event, before });
      goOn();
    },
    room: () => (isFull() ? wait() : undefined),
    oldest: () => items?.[0]?.before,
    end(error) {
      ended = { error };
      goOn();
    },
  };
}
