/**
 * BlockWriter: new entries on their way into the log and its index, within a write transaction.
 * Invariant: after `flush` all that was added is there, in the order of the log. Neighbours of one channel share a block.
 */
import type { Entry } from '@headwater/core';
import { addedSize, blockSize, encodeBlock, encodeSpan, MAX_BLOCK, spanOf } from './block.js';
import { indexKey, seqKey } from './keys.js';
import { damaged } from './seal.js';
import type { Tables } from './tables.js';

export class BlockWriter {
  readonly #tables: Tables;
  #block: Entry[] = [];
  /** The id of the block's channel. */
  #channel = 0;
  #size = 0;

  constructor(tables: Tables) {
    this.#tables = tables;
  }

  /** The log's next entry. */
  add(entry: Entry, channel: number): void {
    const last = this.#block.at(-1);
    const size = this.#size + addedSize(entry);
    if (last && channel === this.#channel && entry.epoch === last.epoch && size <= MAX_BLOCK) {
      this.#block.push(entry);
      this.#size = size;
      return;
    }
    this.flush();
    this.#block = [entry];
    this.#channel = channel;
    this.#size = blockSize(entry);
  }

  flush(): void {
    if (this.#block.length === 0) return;
    const span = spanOf(this.#block);
    // At the end of the table: its pages stay full, and a key that is there already is refused. (The declaration says void.)
    const isNew = this.#tables.log.putSync(seqKey(span.last), encodeBlock(this.#block), { append: true }) as unknown;
    if (isNew !== true) throw damaged(`there is an entry ${span.last} already`);
    this.#tables.index.putSync(indexKey(this.#channel, span.last), encodeSpan(span));
    this.#block = [];
  }

  /** Takes the entries up to `seq` off a channel's block. */
  cut(block: readonly Entry[], seq: number, channel: number): void {
    const kept = block.filter((entry) => entry.seq > seq);
    const span = spanOf(kept);
    this.#tables.log.putSync(seqKey(span.last), encodeBlock(kept));
    this.#tables.index.putSync(indexKey(channel, span.last), encodeSpan(span));
  }

  /** Takes a channel's block away. */
  remove(last: number, channel: number): void {
    this.#tables.log.removeSync(seqKey(last));
    this.#tables.index.removeSync(indexKey(channel, last));
  }
}
