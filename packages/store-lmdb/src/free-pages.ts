/**
 * Which pages of a database file are free, read by hand: only asked of a file that is shorter than its meta page says.
 * The tree of free pages maps transactions to lists of page numbers (mdb.c, FREE_DBI).
 */
import { readSync } from 'node:fs';

// A page begins with its number, transaction, padding, flags and bounds.
const PAGE_HEADER = 24;
const BRANCH = 0x01;
const LEAF = 0x02;
const FLAGS_AT = 18;
const LOWER_AT = 20;
const NODE_HEADER = 8;
const BIG_DATA = 0x01;
/** A tree deeper than this is none. */
const MAX_DEPTH = 32;

/** The free pages at or above `from` of a file of so many `whole` pages; undefined where the tree itself cannot be read. */
export function freePages(
  fd: number,
  pageSize: number,
  root: number,
  whole: number,
  from: number,
): Set<number> | undefined {
  const free = new Set<number>();
  const file: File = { fd, pageSize, whole, from };
  // No tree: nothing is free.
  if (root < 0) return free;
  return walk(file, root, free, 0) ? free : undefined;
}

interface File {
  readonly fd: number;
  readonly pageSize: number;
  /** Pages that the file has. */
  readonly whole: number;
  /** The first page that is asked for. */
  readonly from: number;
}

function walk(file: File, number: number, free: Set<number>, depth: number): boolean {
  const page = depth < MAX_DEPTH ? readPages(file, number, 1) : undefined;
  if (!page) return false;
  const flags = page.readUInt16LE(FLAGS_AT);
  const nodes = page.readUInt16LE(LOWER_AT) >> 1;
  for (let i = 0; i < nodes; i++) {
    const at = PAGE_HEADER + page.readUInt16LE(PAGE_HEADER + 2 * i);
    if (at + NODE_HEADER > page.length) return false;
    if (flags & BRANCH) {
      // The child's number is spread over what is the size and the flags of a leaf's node.
      if (!walk(file, page.readUIntLE(at, 6), free, depth + 1)) return false;
    } else if (!(flags & LEAF) || !readList(file, page, at, free)) return false;
  }
  return true;
}

/** A list begins with its length. A negative number says that the next one begins a block of so many pages. */
function readList(file: File, page: Buffer, at: number, free: Set<number>): boolean {
  const size = page.readUInt32LE(at);
  const dataAt = at + NODE_HEADER + page.readUInt16LE(at + 6);
  const isBig = (page.readUInt16LE(at + 4) & BIG_DATA) !== 0;
  const data = isBig ? readBig(file, page, dataAt, size) : page.subarray(dataAt, dataAt + size);
  if (!data || data.length < size || size < 8) return false;
  const count = Math.min(Number(data.readBigInt64LE(0)), size / 8 - 1);
  for (let i = 1; i <= count; i++) {
    const number = Number(data.readBigInt64LE(8 * i));
    const block = number < 0 ? -number : 1;
    const first = number < 0 && i < count ? Number(data.readBigInt64LE(8 * ++i)) : number;
    for (let n = Math.max(first, file.from); n < first + block; n++) free.add(n);
  }
  return true;
}

function readBig(file: File, page: Buffer, at: number, size: number): Buffer | undefined {
  const pages = Math.ceil((size + PAGE_HEADER) / file.pageSize);
  return readPages(file, Number(page.readBigInt64LE(at)), pages)?.subarray(PAGE_HEADER, PAGE_HEADER + size);
}

function readPages({ fd, pageSize, whole }: File, number: number, pages: number): Buffer | undefined {
  if (number < 0 || number + pages > whole) return undefined;
  const bytes = Buffer.alloc(pages * pageSize);
  return readSync(fd, bytes, 0, bytes.length, number * pageSize) === bytes.length ? bytes : undefined;
}
