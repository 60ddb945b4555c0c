/**
 * FileIdentity: which files the database was opened from, and whether they are still the ones in that place.
 * LMDB goes on in the old file when another one is put in its place; what is then written nobody finds again.
 */
import { statSync, unlinkSync } from 'node:fs';
import { join } from 'node:path';

export class FileIdentity {
  readonly #data: string;
  readonly #lock: string;
  readonly #dataId: string | undefined;
  readonly #lockId: string | undefined;

  /** Notes the files as they are now. */
  constructor(path: string) {
    this.#data = join(path, 'data.mdb');
    this.#lock = join(path, 'lock.mdb');
    this.#dataId = idOf(this.#data);
    this.#lockId = idOf(this.#lock);
  }

  isCurrent(): boolean {
    return this.#dataId !== undefined && idOf(this.#data) === this.#dataId;
  }

  /** Removes the lock file unless it is a new one too. */
  removeOldLock(): void {
    if (this.#lockId !== undefined && idOf(this.#lock) === this.#lockId) unlinkSync(this.#lock);
  }
}

function idOf(file: string): string | undefined {
  const stats = statSync(file, { throwIfNoEntry: false, bigint: true });
  return stats && `${stats.dev}:${stats.ino}`;
}
