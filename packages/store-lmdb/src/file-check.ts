/**
 * The look at a database file before LMDB maps it into memory.
 * Invariant: a file that passes holds every page that is in use. LMDB reads through the map, where a page that the file has lost
 * is not an error but a signal (SIGBUS) that ends the process.
 */
import { closeSync, existsSync, fstatSync, openSync, readSync } from 'node:fs';
import { freePages } from './free-pages.js';

// The first two pages are meta pages (mdb.c, MDB_meta).
const MAGIC = 0xbeefc0de;
const VERSION = 2;
const META_AT = { magic: 24, version: 28, pageSize: 48, freeRoot: 88, lastPage: 144, transaction: 152 } as const;
const META_END = 160;
const PAGE_SIZES = [2 ** 9, 2 ** 16] as const;

interface Meta {
  readonly pageSize: number;
  readonly freeRoot: number;
  readonly lastPage: number;
  readonly transaction: number;
}

/** Why the file cannot be opened, undefined where it can. A file that is not there, or is empty, is a new one to LMDB. */
export function problemOf(file: string): string | undefined {
  if (!existsSync(file)) return undefined;
  const fd = openSync(file, 'r');
  try {
    for (;;) {
      const meta = newestMeta(fd);
      const problem = fstatSync(fd).size === 0 ? undefined : problemWith(fd, meta);
      // Where another process has committed meanwhile, two times were looked at.
      if (problem === undefined || isSame(meta, newestMeta(fd))) return problem;
    }
  } finally {
    closeSync(fd);
  }
}

/** The size is asked for after the meta page is read: whoever writes makes room first. */
function problemWith(fd: number, meta: Meta | string): string | undefined {
  if (typeof meta === 'string') return meta;
  const { size } = fstatSync(fd);
  const whole = Math.floor(size / meta.pageSize);
  if (whole > meta.lastPage) return undefined;
  // It may be shorter by pages that are free: LMDB does not write a page that was taken and given back in one transaction.
  const free = freePages(fd, meta.pageSize, meta.freeRoot, whole, whole);
  for (let page = whole; page <= meta.lastPage; page++) {
    if (!free?.has(page)) return `it is truncated: ${size} bytes of ${(meta.lastPage + 1) * meta.pageSize}`;
  }
  return undefined;
}

function isSame(one: Meta | string, other: Meta | string): boolean {
  if (typeof one === 'string' || typeof other === 'string') return one === other;
  return one.transaction === other.transaction;
}

/** The meta page of the newest transaction, or why there is none. */
function newestMeta(fd: number): Meta | string {
  const first = readMeta(fd, 0);
  if (typeof first === 'string') return first;
  const second = readMeta(fd, first.pageSize);
  if (typeof second === 'string') return second;
  if (first.pageSize !== second.pageSize) return 'its two meta pages contradict each other';
  return first.transaction >= second.transaction ? first : second;
}

function readMeta(fd: number, at: number): Meta | string {
  const bytes = Buffer.alloc(META_END);
  if (readSync(fd, bytes, 0, META_END, at) < META_END) return 'it is truncated within its meta pages';
  if (bytes.readUInt32LE(META_AT.magic) !== MAGIC) return 'it is not an LMDB database';
  const version = bytes.readUInt32LE(META_AT.version) & 0xffff;
  if (version !== VERSION) return `it is an LMDB database of version ${version}, this needs ${VERSION}`;
  const pageSize = bytes.readUInt32LE(META_AT.pageSize);
  const isPower = (pageSize & (pageSize - 1)) === 0;
  if (pageSize < PAGE_SIZES[0] || pageSize > PAGE_SIZES[1] || !isPower) return `its page size cannot be ${pageSize}`;
  return {
    pageSize,
    freeRoot: Number(bytes.readBigInt64LE(META_AT.freeRoot)),
    lastPage: Number(bytes.readBigInt64LE(META_AT.lastPage)),
    transaction: Number(bytes.readBigInt64LE(META_AT.transaction)),
  };
}
