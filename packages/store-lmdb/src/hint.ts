/**
 * Hint: a tiny file that every process touches after its commits, so that the others look at once.
 * Invariant: it is only ever a hint. Whoever waits for commits polls as well, and loses nothing where no hint comes.
 */
import { closeSync, existsSync, type FSWatcher, openSync, statSync, watch, writeSync } from 'node:fs';
import { join } from 'node:path';

const MARK = Buffer.from('\n');

export class Hint {
  readonly #file: string;
  #fd: number | undefined;
  #watcher: FSWatcher | undefined;
  readonly #listeners: Set<() => void> = new Set();

  constructor(path: string) {
    this.#file = join(path, 'headwater.hint');
  }

  /** Why an empty database file is not a new one: the hint says that there was a log. */
  wasHere(data: string): string | undefined {
    const stats = statSync(data, { throwIfNoEntry: false });
    if (!stats) return undefined;
    return stats.size === 0 && existsSync(this.#file) ? 'it is truncated: nothing is left of it' : undefined;
  }

  /** The folder is open, perhaps anew. */
  open(): void {
    this.#fd ??= openSync(this.#file, 'w');
    if (this.#listeners.size > 0) this.#watch();
  }

  /** The folder is closed, perhaps to be opened anew: who listens goes on to do so. */
  close(): void {
    this.#unwatch();
    if (this.#fd !== undefined) closeSync(this.#fd);
    this.#fd = undefined;
  }

  /** There was a commit in this process: tells its own listeners now, but for the one that knows, and those of others soon. */
  touch(knows: () => void): void {
    for (const listener of this.#listeners) if (listener !== knows) listener();
    if (this.#fd === undefined) return;
    try {
      writeSync(this.#fd, MARK, 0, 1, 0);
    } catch {
      // A full disk, say. The others poll.
    }
  }

  /** Calls `listener` after commits of this process, and of others, until the function returned is called. */
  listen(listener: () => void): () => void {
    this.#listeners.add(listener);
    this.#watch();
    return () => {
      this.#listeners.delete(listener);
      if (this.#listeners.size === 0) this.#unwatch();
    };
  }

  #watch(): void {
    if (this.#watcher) return;
    try {
      this.#watcher = watch(this.#file, { persistent: false }, () => {
        for (const listener of this.#listeners) listener();
      });
      this.#watcher.on('error', () => this.#unwatch());
    } catch {
      // No watches left, or a file system without them: the poll has to do.
    }
  }

  #unwatch(): void {
    this.#watcher?.close();
    this.#watcher = undefined;
  }
}
