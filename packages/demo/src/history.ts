/** Looking back in a store: the newest entry of a channel, where a stretch of its history begins, what it holds up to a place. Reads only. */
import { Buffer } from 'node:buffer';
import { type Entry, formatEventId, parseEventId, type Store } from '@headwater/core';

/** Positions that one look covers. */
const STRETCH = 1_024;

/** The newest entry of `channel` that is retained. */
export async function newestEntry(store: Store, channel: string): Promise<Entry | undefined> {
  for await (const entries of backwards(store, channel)) {
    const last = entries.at(-1);
    if (last) return last;
  }
  return undefined;
}

/** The EventId of the first entry of `channel` that is not older than `time`, in milliseconds since 1970; undefined where there is none. */
export async function placeAt(store: Store, channel: string, time: number): Promise<string | undefined> {
  let first: Entry | undefined;
  for await (const entries of backwards(store, channel)) {
    first = entries.find((entry) => entry.time >= time) ?? first;
    if ((entries[0]?.time ?? Number.POSITIVE_INFINITY) < time) break;
  }
  return first && formatEventId(first.epoch, first.seq);
}

/** The data of what is retained of `channel` up to and including the place, oldest first; for channels of which little is kept. */
export async function dataUpTo(store: Store, channel: string, place: string): Promise<string[]> {
  const upTo = parseEventId(place)?.seq ?? 0;
  const { entries } = await store.read(0, [channel], STRETCH);
  return entries.filter(({ seq }) => seq <= upTo).map(dataOf);
}

/** The data of an entry, as clients see it. */
export function dataOf({ body }: Entry): string {
  const lines = Buffer.from(body).toString('utf8').split('\n');
  return lines.flatMap((line) => (line.startsWith('data: ') ? [line.slice('data: '.length)] : [])).join('\n');
}

/** Stretch by stretch from the head down, each in log order, as far as anything is retained. */
async function* backwards(store: Store, channel: string): AsyncGenerator<readonly Entry[]> {
  const { head } = await store.state();
  for (let upTo = head, floor = 0; upTo > floor; ) {
    const after = Math.max(0, upTo - STRETCH);
    const page = await store.read(after, [channel], STRETCH);
    floor = page.floors.get(channel) ?? page.forgotten;
    yield page.entries.filter(({ seq }) => seq <= upTo);
    upTo = after;
  }
}
