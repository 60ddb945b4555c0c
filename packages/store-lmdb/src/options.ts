/** The options of `lmdbStore`, complete and checked. Everything wrong throws at creation. */
import { resolve } from 'node:path';
import { type Clock, type RetentionOptions, systemClock } from '@headwater/core';
import { type Bounds, type Keeping, resolveRetention } from '@headwater/core/store-kit';

/** Options of `lmdbStore`. Each channel keeps 100,000 entries, 7 days and 256 MiB by default: a disk has room for a weekend. */
export interface LmdbStoreOptions extends RetentionOptions {
  /** The folder of the database, made if it is missing. On a local disk, never on a network file system. */
  readonly path: string;
  /** Names the log, for several hubs in one folder: 1 to 100 characters of `[A-Za-z0-9._-]`. Default `headwater`. */
  readonly name?: string | undefined;
  /**
   * Bytes of address space to reserve at first. The database grows beyond it by itself, and occupies on disk only what it holds; a
   * larger map only saves the work of growing. Default 256 MiB.
   */
  readonly mapSize?: number | undefined;
  /** Where time comes from. Default: the system's clock. */
  readonly clock?: Clock | undefined;
}

/** {@link LmdbStoreOptions}, complete and checked. */
export interface Resolved extends Keeping {
  readonly path: string;
  readonly name: string;
  readonly mapSize: number;
  readonly clock: Clock;
}

const MIB = 2 ** 20;

/** Enough for a laptop shut on Friday. */
const RETENTION: Bounds = { count: 100_000, ageMs: 7 * 86_400_000, bytes: 256 * MIB };

const MAP_SIZE = 256 * MIB;

const NAME = /^[A-Za-z0-9._-]{1,100}$/;

/** @throws TypeError, RangeError */
export function resolveOptions(options: LmdbStoreOptions): Resolved {
  if (typeof options !== 'object' || options === null) {
    throw new TypeError(`lmdbStore needs { path }, not ${String(options)}`);
  }
  const { path, name = 'headwater', mapSize = MAP_SIZE, clock = systemClock } = options;
  if (typeof path !== 'string') throw new TypeError(`path must be a string, not ${typeof path}`);
  if (path === '' || path.includes('\0')) throw new RangeError(`path must name a folder, not ${JSON.stringify(path)}`);
  if (typeof name !== 'string') throw new TypeError(`name must be a string, not ${typeof name}`);
  if (!NAME.test(name)) {
    throw new RangeError(`name must be 1 to 100 characters of [A-Za-z0-9._-], not ${JSON.stringify(name)}`);
  }
  if (typeof mapSize !== 'number') throw new TypeError(`mapSize must be a number, not ${typeof mapSize}`);
  if (!Number.isSafeInteger(mapSize) || mapSize < MIB) {
    throw new RangeError(`mapSize must be an integer of at least ${MIB}, not ${mapSize}`);
  }
  return { ...resolveRetention(options, RETENTION), path: resolve(path), name, mapSize, clock };
}
