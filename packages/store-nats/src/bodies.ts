/**
 * Bodies: the entries of records, made of header and payload, and the newest and last read of them in memory.
 * Invariant: what is kept never changes, and its bodies are at most `MAX_BYTES` together.
 */
import type { Entry } from '@headwater/core';
import type { LogRecord } from './record.js';

/** Whoever comes back at the same time reads the same records. */
const MAX_BYTES = 8 * 2 ** 20;

/** What an entry costs beside its body, about: the object, and the view of its body. */
const ENTRY_OVERHEAD = 200;

export class Bodies {
  /** By the message's place in the stream; the longest unused first. */
  readonly #kept = new Map<number, { readonly entries: readonly Entry[]; readonly cost: number }>();
  #cost = 0;

  find(position: number): readonly Entry[] | undefined {
    const found = this.#kept.get(position);
    if (!found) return undefined;
    this.#kept.delete(position);
    this.#kept.set(position, found);
    return found.entries;
  }

  keep(position: number, entries: readonly Entry[]): void {
    if (this.#kept.has(position)) return;
    const cost = entries.reduce((sum, { body }) => sum + body.byteLength + ENTRY_OVERHEAD, 0);
    this.#kept.set(position, { entries, cost });
    this.#cost += cost;
    for (const [oldest, kept] of this.#kept) {
      if (this.#cost <= MAX_BYTES) return;
      this.#kept.delete(oldest);
      this.#cost -= kept.cost;
    }
  }
}

/** The entries of a record; `payload` must be the caller's to give away. @throws Error where it is not what the record says. */
export function toEntries({ base, epoch, entries }: LogRecord, payload: Uint8Array): readonly Entry[] {
  let end = 0;
  const made = entries.map(({ channel, prev, time, size }, i): Entry => {
    const begin = end;
    end += size;
    return { seq: base + i + 1, epoch, channel, prev, time, body: payload.subarray(begin, end) };
  });
  if (end !== payload.byteLength) throw new Error(`a record of ${end} bytes has a payload of ${payload.byteLength}`);
  return made;
}
