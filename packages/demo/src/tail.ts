/** Follows a file: looks when the file system says so, and now and then in case it does not. */
import { type FSWatcher, watch } from 'node:fs';
import { basename, dirname } from 'node:path';
import { TailReader, type TailReaderOptions } from './tail-reader.js';

export interface TailOptions extends TailReaderOptions {
  /** Time between looks that nothing prompted, in milliseconds. Default 1000. */
  readonly pollMs?: number;
  /** The file cannot be read. Told once until it can be read again. */
  readonly onError?: (error: unknown) => void;
}

export class Tail {
  readonly #path: string;
  readonly #reader: TailReader;
  readonly #onError: (error: unknown) => void;
  readonly #timer: NodeJS.Timeout;
  readonly #watcher: FSWatcher | undefined;
  #looking: Promise<void> | undefined;
  #again = false;
  #isClosed = false;
  #complaint = '';

  constructor(path: string, { pollMs = 1_000, onError = () => {}, ...options }: TailOptions) {
    this.#path = path;
    this.#reader = new TailReader(path, options);
    this.#onError = onError;
    this.#timer = setInterval(() => this.#wake(), pollMs);
    this.#watcher = this.#watch();
    this.#wake();
  }

  /** Resolves once no line can come any more. */
  async close(): Promise<void> {
    this.#isClosed = true;
    clearInterval(this.#timer);
    this.#watcher?.close();
    this.#reader.stop();
    await this.#looking;
    await this.#reader.close();
  }

  /** The folder, not the file: a file that took the name of ours would not be seen. Without watching, the timer has to do. */
  #watch(): FSWatcher | undefined {
    const name = basename(this.#path);
    try {
      const watcher = watch(dirname(this.#path), (_event, changed) => {
        if (changed === null || changed === name) this.#wake();
      });
      return watcher.on('error', () => watcher.close());
    } catch {
      return undefined;
    }
  }

  #wake(): void {
    if (this.#isClosed) return;
    if (this.#looking) this.#again = true;
    else this.#looking = this.#look();
  }

  async #look(): Promise<void> {
    do {
      this.#again = false;
      try {
        await this.#reader.look();
        this.#complaint = '';
      } catch (error) {
        this.#complain(error);
      }
    } while (this.#again && !this.#isClosed);
    this.#looking = undefined;
  }

  #complain(error: unknown): void {
    const text = String(error);
    if (text !== this.#complaint && !this.#isClosed) this.#onError(error);
    this.#complaint = text;
  }
}
