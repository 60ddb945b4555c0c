/**
 * LogTables: one log as the transaction at hand sees it, record by record. What reads and what writes are built on it.
 * Invariant: what it returns was checked; a record that is missing where there has to be one is an error.
 */
import { type Entry, type EpochList, SseError } from '@headwater/core';
import type { EpochCache } from './epoch-cache.js';
import { firstOf, HEAD, indexEnd, indexKey, kindRange, metaKey, seqKey, seqOf } from './keys.js';
import {
  type ChannelRecord,
  decodeChannel,
  decodeEntry,
  decodeHead,
  decodeIndex,
  type Head,
  type IndexRecord,
  SCHEMA,
} from './records.js';
import { damaged } from './seal.js';
import type { Tables } from './tables.js';

export class LogTables {
  readonly tables: Tables;
  readonly #epochs: EpochCache;

  constructor(tables: Tables, epochs: EpochCache) {
    this.tables = tables;
    this.#epochs = epochs;
  }

  head(): Head {
    const record = this.tables.meta.get(HEAD);
    if (!record) {
      return { schema: SCHEMA, seq: 0, forgotten: 0, trimmed: 0, nextChannel: 1, epochsStamp: 0, cursors: 0 };
    }
    const head = decodeHead(record);
    if (head.schema > SCHEMA) {
      throw new SseError(
        'ERR_SSE_STORE',
        `The log was written by a newer version of @headwater/store-lmdb (schema ${head.schema}, this knows ${SCHEMA}): update the package`,
        { statusCode: 503 },
      );
    }
    return head;
  }

  epochs(head: Head): EpochList {
    return this.#epochs.of(head, this.tables.meta);
  }

  channel(name: string): ChannelRecord | undefined {
    const record = this.tables.meta.get(metaKey('channel', name));
    return record && decodeChannel(record, name);
  }

  /** Every known channel after that name, in an order of its own. */
  *channels(after?: string): IterableIterator<[string, ChannelRecord]> {
    const { start, end } = kindRange('channel');
    const range =
      after === undefined ? { start, end } : { start: metaKey('channel', after), end, exclusiveStart: true };
    for (const { key, value } of this.tables.meta.getRange(range)) {
      const name = firstOf(key);
      yield [name, decodeChannel(value, name)];
    }
  }

  /** The entry with that seq, which has to be there. */
  entry(seq: number): Entry {
    const record = this.tables.log.get(seqKey(seq));
    if (!record) throw damaged(`entry ${seq} is missing`);
    return decodeEntry(record, seq);
  }

  /** Every retained entry after `seq`. */
  *entries(after: number): IterableIterator<Entry> {
    for (const { key, value } of this.tables.log.getRange({ start: seqKey(after + 1) })) {
      yield decodeEntry(value, seqOf(key));
    }
  }

  /** The seq of the newest retained entry, 0 without any. */
  newest(): number {
    for (const key of this.tables.log.getKeys({ reverse: true, limit: 1 })) return seqOf(key);
    return 0;
  }

  /** At most `limit` seqs of a channel's retained entries after `seq`. */
  seqs(channel: number, after: number, limit: number): number[] {
    const range = { start: indexKey(channel, after + 1), end: indexEnd(channel), limit };
    return Array.from(this.tables.index.getKeys(range), seqOf);
  }

  /** What the index says of a channel's entries, the oldest first. */
  *indexed(channel: number): IterableIterator<{ readonly seq: number; readonly record: IndexRecord }> {
    const range = { start: indexKey(channel, 0), end: indexEnd(channel) };
    for (const { key, value } of this.tables.index.getRange(range)) {
      const seq = seqOf(key);
      yield { seq, record: decodeIndex(value, seq) };
    }
  }
}
