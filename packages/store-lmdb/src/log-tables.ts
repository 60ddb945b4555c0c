/**
 * LogTables: one log as the transaction at hand sees it, record by record. What reads and what writes are built on it.
 * Invariant: what it returns was checked; a record that is missing where there has to be one is an error.
 */
import { type Entry, type EpochList, SseError } from '@headwater/core';
import { decodeBlock, decodeSpan, type Span } from './block.js';
import type { EpochCache } from './epoch-cache.js';
import { firstOf, HEAD, indexEnd, indexKey, kindRange, metaKey, seqKey, seqOf } from './keys.js';
import { type ChannelRecord, decodeChannel, decodeHead, type Head, SCHEMA } from './records.js';
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
    if (head.schema !== SCHEMA) throw foreign(head.schema);
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

  /** The block whose last entry is `last`, which has to be there. */
  block(last: number): Entry[] {
    const record = this.tables.log.get(seqKey(last));
    if (!record) throw damaged(`entry ${last} is missing`);
    return decodeBlock(record, last);
  }

  /** Every retained entry after `seq`. */
  *entries(after: number): IterableIterator<Entry> {
    for (const { key, value } of this.tables.log.getRange({ start: seqKey(after + 1) })) {
      for (const entry of decodeBlock(value, seqOf(key))) if (entry.seq > after) yield entry;
    }
  }

  /** The seq of the newest retained entry, 0 without any. */
  newest(): number {
    for (const key of this.tables.log.getKeys({ reverse: true, limit: 1 })) return seqOf(key);
    return 0;
  }

  /** At most `limit` of a channel's retained blocks, from the one on that has entries after `seq`. */
  *spans(channel: number, after: number, limit: number): IterableIterator<Span> {
    const range = { start: indexKey(channel, after + 1), end: indexEnd(channel), limit };
    for (const { key, value } of this.tables.index.getRange(range)) yield decodeSpan(value, seqOf(key));
  }
}

function foreign(schema: number): SseError {
  const [who, what] =
    schema > SCHEMA ? ['a newer', 'update the package'] : ['an older', 'move the folder away to begin anew'];
  return new SseError(
    'ERR_SSE_STORE',
    `The log was written by ${who} version of @headwater/store-lmdb (schema ${schema}, this knows ${SCHEMA}): ${what}`,
    { statusCode: 503 },
  );
}
