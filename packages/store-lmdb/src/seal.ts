/**
 * Sealed records: every value in the database begins with a checksum of the rest and of what it stands for. Pure.
 * Invariant: what `unseal` lets pass is what `seal` was given, under the same key. A disk, a copy or a stray write that changed
 * it is an error, never another record. LMDB itself has no checksums.
 */
import { crc32 } from 'node:zlib';
import { SseError } from '@headwater/core';

/** Bytes of the checksum. */
export const SEAL = 4;

/** Writes the checksum into the first bytes of `record`, which must be free for it. `salt` is a number that is not in the record. */
export function seal(record: Buffer, salt: number): Buffer {
  record.writeUInt32LE(checksum(record, salt), 0);
  return record;
}

/** @throws SseError `ERR_SSE_STORE` where the record is not what was sealed. */
export function unseal(record: Buffer, salt: number, what: string): Buffer {
  if (record.length < SEAL || record.readUInt32LE(0) !== checksum(record, salt)) {
    throw damaged(`${what} has a wrong checksum`);
  }
  return record;
}

/** The log is not what this package wrote. */
export function damaged(what: string): SseError {
  return new SseError(
    'ERR_SSE_STORE',
    `The log is damaged: ${what}. Restore the folder from a backup, or move it away to begin anew`,
    { statusCode: 503 },
  );
}

function checksum(record: Buffer, salt: number): number {
  return crc32(record.subarray(SEAL), salt % 2 ** 32);
}
