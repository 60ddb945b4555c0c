/** How much memory a process has of its own. */
import { readFileSync } from 'node:fs';

/** Bytes. Pages of mapped files (LMDB's) are the system's cache, and left out where Linux tells them apart. */
export function ownMemory(): number {
  try {
    const kibibytes = /^RssAnon:\s+(\d+) kB$/m.exec(readFileSync('/proc/self/status', 'utf8'))?.[1];
    if (kibibytes !== undefined) return Number(kibibytes) * 1024;
  } catch {
    // Not Linux.
  }
  return process.memoryUsage().rss;
}
