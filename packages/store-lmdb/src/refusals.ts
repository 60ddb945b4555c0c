/** What LMDB has no room for, refused before anything is written; and the bounds of each channel, asked once. */
import { type NewEntry, SseError } from '@headwater/core';
import type { Bounds } from '@headwater/core/store-kit';
import { MAX_NAME } from './records.js';

/** A key of LMDB is bounded by some 1,900 bytes in all. */
const MAX_PART = 800;

/** A bound on what is remembered of channels that may be long forgotten. */
const MAX_REMEMBERED = 100_000;

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

/** `boundsOf` is a user's function: asked once for each channel. */
export function memoBounds(boundsOf: (channel: string) => Bounds): (channel: string) => Bounds {
  const known = new Map<string, Bounds>();
  return (channel) => {
    const remembered = known.get(channel);
    if (remembered) return remembered;
    const bounds = boundsOf(channel);
    if (known.size >= MAX_REMEMBERED) known.clear();
    known.set(channel, bounds);
    return bounds;
  };
}

function checkLength(what: string, given: string, most: number): void {
  // Nearly all are so short that nothing needs to be counted.
  if (3 * given.length <= most) return;
  const length = Buffer.byteLength(given);
  if (length > most) {
    throw new SseError('ERR_SSE_STORE', `Cannot keep a ${what} of ${length} bytes: the store has room for ${most}`);
  }
}
