/**
 * Draft: what a group of appends would write right behind a journal, and what each would be told. Pure.
 * Invariant: a call is in the draft whole or not at all, and in order; what it is told holds if the record is stored, or without
 * a record if the journal is the stream's.
 */
import type { Appended, NewEntry } from '@headwater/core';
import { SseError } from '@headwater/core';
import { type AppendCall, fenced, type Outcome } from '@headwater/core/store-kit';
import type { Journal } from './journal.js';
import { keyId } from './key-window.js';
import type { RecordEntry } from './record.js';

/** The rest of a record: ids, names of headers, and what NATS adds. */
const RECORD_BYTES = 1_024;

/** What an entry takes at most beside body, channel and key: numbers and punctuation. */
const ENTRY_BYTES = 80;

/** A unit of a text at its longest, `\u0000`. */
const UNIT_BYTES = 6;

export interface Draft {
  readonly entries: readonly RecordEntry[];
  readonly payload: Uint8Array;
  /** Of the first calls of the group, as many as fit into one message. */
  readonly outcomes: readonly Outcome[];
  /** False where an answer rests on the journal alone: it must be known to be the stream's. */
  readonly isProven: boolean;
}

export function draftOf(journal: Journal, calls: readonly AppendCall[], now: number, maxPayload: number): Draft {
  const { head, epoch } = journal;
  const entries: RecordEntry[] = [];
  const bodies: Uint8Array[] = [];
  const lasts = new Map<string, number>();
  const keys = new Map<string, Appended>();
  const outcomes: Outcome[] = [];
  let bytes = RECORD_BYTES;
  let isProven = true;

  const add = ({ channel, body, time, key }: NewEntry): Appended => {
    const id = key === undefined ? undefined : keyId(channel, key);
    const known = id === undefined ? undefined : (keys.get(id) ?? placeOf(journal, id, now));
    if (known) return { ...known, duplicate: true };
    const seq = head + entries.length + 1;
    entries.push({
      channel,
      prev: lasts.get(channel) ?? journal.channels.lastOf(channel),
      time,
      size: body.byteLength,
      key,
    });
    bodies.push(body);
    lasts.set(channel, seq);
    const appended: Appended = { epoch, seq, duplicate: false };
    if (id !== undefined) keys.set(id, appended);
    return appended;
  };

  for (const call of calls) {
    const size = sizeOf(call.entries);
    if (!journal.isValid(call.at)) {
      outcomes.push(fenced('append', call.at, head));
      isProven = false;
    } else if (RECORD_BYTES + size > maxPayload) {
      outcomes.push(tooLarge(size, maxPayload));
    } else {
      if (bytes + size > maxPayload) break;
      bytes += size;
      outcomes.push(call.entries.map(add));
    }
  }
  return { entries, payload: Buffer.concat(bodies), outcomes, isProven: isProven && entries.length > 0 };
}

function placeOf(journal: Journal, id: string, now: number): Appended | undefined {
  const place = journal.keys.find(id, now);
  return place && { epoch: place.epoch, seq: place.seq, duplicate: true };
}

/** The bytes that a call takes at most. */
function sizeOf(entries: readonly NewEntry[]): number {
  let bytes = 0;
  for (const { channel, body, key } of entries) {
    bytes += body.byteLength + ENTRY_BYTES + 2 * channel.length + UNIT_BYTES * (key?.length ?? 0);
  }
  return bytes;
}

function tooLarge(size: number, maxPayload: number): SseError {
  return new SseError(
    'ERR_SSE_STORE',
    `Cannot append: the entries take up to ${size} bytes, and the server takes ${maxPayload} in one message. Raise max_payload, or publish less at once`,
  );
}
