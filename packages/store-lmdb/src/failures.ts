/** What comes from LMDB and the file system, as errors that say what to do. */
import { SseError } from '@headwater/core';

const NOT_PERMITTED = 'give the process the right to read and write the folder and its files';

/** What to do, by the code of a system error (Node's name for it, or the number that LMDB gives). */
const ADVICE: ReadonlyMap<unknown, string> = new Map<unknown, string>([
  ...both('EPERM', 1, NOT_PERMITTED),
  ...both('EACCES', 13, NOT_PERMITTED),
  ...both('EROFS', 30, 'the file system is read-only: mount it writable, or choose another folder'),
  ...both('ENOTDIR', 20, 'a part of the path is a file: choose another folder'),
  ...both('EEXIST', 17, 'the path is a file: choose a folder'),
  ...both(
    'EIO',
    5,
    'the disk is full, or it fails: make room, and it goes on by itself; where there is room, look at the system log',
  ),
  ...both('ENOSPC', 28, 'the disk is full: make room, and it goes on by itself'),
  ...both('EDQUOT', 122, 'the disk quota is used up: raise it, and it goes on by itself'),
  ...both('EFBIG', 27, 'the file may not grow: raise the limit of file sizes, and it goes on by itself'),
  ...both('ENOMEM', 12, 'there is no address space for the map: raise the limit, or give a smaller mapSize'),
  ...both('EMFILE', 24, 'the process has too many open files: raise its limit'),
  [-30_793, 'the folder holds something other than a database: choose another folder'],
  [-30_794, 'it was written by another version of LMDB'],
  [-30_792, 'the map is full: give a larger mapSize'],
  [-30_791, 'it holds too many logs (names): use another folder'],
  [-30_790, 'too many processes and threads read it at the same time'],
  [-30_796, 'the database is damaged: restore a backup'],
  [-30_797, 'the database is damaged: restore a backup'],
]);

/** An error of ours passes as it is. */
export function failure(action: string, path: string, cause: unknown): SseError {
  if (cause instanceof SseError) return cause;
  const { code, message } =
    cause instanceof Error ? (cause as { code?: unknown; message: string }) : { message: cause };
  const advice = ADVICE.get(code) ?? [...ADVICE].find(([name]) => String(message).startsWith(`${name}:`))?.[1];
  const why = advice === undefined ? message : `${message} (${advice})`;
  return new SseError('ERR_SSE_STORE', `Cannot ${action} in "${path}": ${why}`, { cause, statusCode: 503 });
}

function both(name: string, number: number, advice: string): [unknown, string][] {
  return [
    [name, advice],
    [number, advice],
  ];
}
