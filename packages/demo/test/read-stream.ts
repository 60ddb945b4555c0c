/** A plain client for the tests: reads a stream up to an event, then goes away. */
import { collect, type ReceivedEvent } from '@headwater/testing';

export type ReadEvent = ReceivedEvent;

/** The events up to the first one that `isLast` says so of. */
export async function readUntil(
  url: string,
  isLast: (event: ReadEvent) => boolean,
  lastEventId?: string,
): Promise<readonly ReadEvent[]> {
  const stream = await collect(url, lastEventId === undefined ? {} : { lastEventId });
  try {
    const last = await stream.until(isLast);
    return stream.events.slice(0, stream.events.indexOf(last) + 1);
  } finally {
    await stream.close();
  }
}
