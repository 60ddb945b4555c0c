/**
 * EpochCache: the log's epochs, parsed once for as long as they stay the same.
 * Invariant: of a head with the same stamp the epochs are the same; a stamp is random, so no other copy of the file shares one by chance.
 */
import { EpochList, type EpochStart, type Position } from '@headwater/core';
import { fenced } from '@headwater/core/store-kit';
import { EPOCHS } from './keys.js';
import { decodeNote, encodeNote, type Head } from './records.js';
import { damaged } from './seal.js';
import type { Table } from './tables.js';

const NOWHERE: Position = { epoch: '', seq: 0 };

export class EpochCache {
  #stamp = 0;
  #list: EpochList = new EpochList();

  /** The epochs as the transaction at hand sees them. */
  of(head: Head, meta: Table): EpochList {
    if (head.epochsStamp === this.#stamp) return this.#list;
    const record = meta.get(EPOCHS);
    if (!record) throw damaged('the epochs are missing');
    this.#list = new EpochList(JSON.parse(decodeNote(record, 'the epochs').text) as EpochStart[]);
    this.#stamp = head.epochsStamp;
    return this.#list;
  }
}

export function encodeEpochs(epochs: EpochList): Buffer {
  return encodeNote({ at: NOWHERE, time: 0, text: JSON.stringify(epochs.toArray()) });
}

/** @throws SseError `ERR_SSE_FENCED` where `at` is not valid. */
export function checkFence(epochs: EpochList, action: string, at: Position, head: number): void {
  if (epochs.problem(at, head) !== undefined) throw fenced(action, at, head);
}
