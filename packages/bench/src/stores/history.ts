/** History: a log that is long before anybody connects. */
import { Buffer } from 'node:buffer';
import { encodeMessage, newEpoch, type Position, type Store } from '@headwater/core';
import { micros } from '../harness/micros.js';
import { makePayload } from '../harness/payload.js';

/** The channel of every event. */
export const CHANNEL = 'news';

/** The payload with the number `n` stands at `n + 1` in the log, and every place up to `head` belongs to `epoch`. */
export interface History {
  readonly epoch: string;
  readonly head: number;
}

/** Entries per append. */
const AT_ONCE = 500;

/** Fills an empty log with `events` events. */
export async function fill(store: Store, events: number, bytes: number): Promise<History> {
  const epoch = newEpoch();
  await store.startEpoch(epoch);
  let at: Position = { epoch, seq: 0 };
  while (at.seq < events) {
    const count = Math.min(AT_ONCE, events - at.seq);
    const entries = Array.from({ length: count }, (_, i) => newEntry(at.seq + i, bytes));
    at = (await store.append(entries, at)).at(-1) as Position;
  }
  return { epoch, head: at.seq };
}

/** What a hub would hand to its store for the payload with that number. */
export function newEntry(seq: number, bytes: number): { channel: string; body: Buffer; time: number } {
  const message = encodeMessage({ data: makePayload(seq, micros(), bytes) }, JSON.stringify);
  return { channel: CHANNEL, body: Buffer.from(message.slice(0, -1)), time: Date.now() };
}
