/**
 * FileIdentity: which files the database was opened from, and whether they are still the ones in that place.
 * LMDB goes on in the old file when another one is put in its place; what is then written nobody finds again.
 */
import { statSync, unlinkSync } from 'node:fs';
import { join } from 'node:path';

/** What tells a file from every other one of this machine. */
interface Id {
  readonly dev: bigint;
  readonly ino: bigint;
}

export class FileIdentity {
  readonly #data: string;
  readonly #lock: string;
  readonly #dataId: Id | undefined;
  readonly #lockId: Id | undefined;

  /** Notes the files as they are now. */
  constructor(path: string) {
    this.#data = join(path, 'data.mdb');
    this.#lock = join(path, 'lock.mdb');
    this.#dataId = idOf(this.#data);
    this.#lockId = idOf(this.#lock);
  }

  isCurrent(): boolean {
    return isSame(idOf(this.#data), this.#dataId);
  }

  /** Removes the lock file unless it is a new one too. */
  removeOldLock(): void {
    if (isSame(idOf(this.#lock), this.#lockId)) unlinkSync(this.#lock);
  }
}

function idOf(file: string): Id | undefined {
  return statSync(file, { throwIfNoEntry: false, bigint: true });
}

/** Neither is missing, and they are one file. */
function isSame(one: Id | undefined, other: Id | undefined): boolean {
  return one !== undefined && other !== undefined && one.ino === other.ino && one.dev === other.dev;
}
