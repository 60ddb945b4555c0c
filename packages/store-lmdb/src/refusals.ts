/** What LMDB has no room for, refused before anything is written. */
import { type NewEntry, SseError } from '@headwater/core';
import { MAX_NAME } from './block.js';

/** A key of LMDB is bounded by some 1,900 bytes in all. */
const MAX_PART = 800;

/** @throws SseError `ERR_SSE_STORE` */
export function checkEntries(entries: readonly NewEntry[]): void {
  for (const { channel, key = '', item } of entries) {
    checkLength('channel', channel, MAX_NAME);
    checkLength('key', key, MAX_PART);
    checkLength('item id', item?.id ?? '', MAX_PART);
  }
}

/** @throws SseError `ERR_SSE_STORE` */
export function checkEpoch(epoch: string): void {
  checkLength('epoch', epoch, MAX_NAME);
}

function checkLength(what: string, given: string, most: number): void {
  // Nearly all are so short that nothing needs to be counted.
  if (3 * given.length <= most) return;
  const length = Buffer.byteLength(given);
  if (length > most) {
    throw new SseError('ERR_SSE_STORE', `Cannot keep a ${what} of ${length} bytes: the store has room for ${most}`);
  }
}
