/** A plain client for the tests: reads a stream up to an event, then goes away. */
import { collect, type ReceivedEvent } from '@headwater/testing';

export type ReadEvent = ReceivedEvent;

/** The events up to the first one that `isLast` says so of, or the first `count` of them. */
export async function readUntil(
  url: string,
  isLast: (event: ReadEvent) => boolean,
  lastEventId?: string,
  count = Number.POSITIVE_INFINITY,
): Promise<readonly ReadEvent[]> {
  const timeoutMs = 20_000;
  const stream = await collect(url, { timeoutMs, ...(lastEventId === undefined ? {} : { lastEventId }) });
  let seen = 0;
  try {
    const last = await stream.until((event) => ++seen === count || isLast(event));
    return stream.events.slice(0, stream.events.indexOf(last) + 1);
  } finally {
    await stream.close();
  }
}
