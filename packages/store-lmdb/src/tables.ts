/** How the database is opened, and the tables of a log in it. */
import { closeSync, existsSync, fsyncSync, openSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { type Database, open, type RootDatabase } from 'lmdb';

export type Root = RootDatabase<Buffer, Buffer>;

/** A table with bytes for keys and values. */
export type Table = Database<Buffer, Buffer>;

/** The tables of one log. */
export interface Tables {
  readonly name: string;
  readonly log: Table;
  readonly index: Table;
  readonly meta: Table;
  /** Makes the next read see what is committed by now: lmdb-js keeps a read transaction for a turn of the event loop. */
  readonly refresh: () => void;
}

/** Three for each name. */
const MAX_TABLES = 192;

const BINARY = { encoding: 'binary', keyEncoding: 'binary' } as const;

/** Opens what is in the folder, or makes it. Why without `overlappingSync`: see environment.ts. */
export function openRoot(path: string, mapSize: number): Root {
  const isNew = !existsSync(join(path, 'data.mdb'));
  const root = open<Buffer, Buffer>({ path, mapSize, maxDbs: MAX_TABLES, overlappingSync: false, ...BINARY });
  if (isNew) flushFolder(path);
  return root;
}

export function openTables(root: Root, name: string): Tables {
  const table = (what: string): Table => root.openDB<Buffer, Buffer>({ name: `${name}:${what}`, ...BINARY });
  const log = table('log');
  return { name, log, index: table('index'), meta: table('meta'), refresh: () => log.resetReadTxn() };
}

/** LMDB flushes the file, not its name: without this, a loss of power could take a new file away with all that is in it. */
function flushFolder(path: string): void {
  for (const folder of [path, dirname(path)]) {
    try {
      const fd = openSync(folder, 'r');
      fsyncSync(fd);
      closeSync(fd);
    } catch {
      // Some systems open no folders, and some folders above are not ours to open.
    }
  }
}
