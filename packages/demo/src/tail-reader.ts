/**
 * The end of a file that others write to, rotate and truncate. This file decides what is new; `tail.ts` when to look.
 * Invariant: every line is handed over once and in order, by one look at a time.
 */
import { Buffer } from 'node:buffer';
import type { Stats } from 'node:fs';
import { type FileHandle, open, stat } from 'node:fs/promises';
import { LineSplitter } from './line-splitter.js';

export interface TailReaderOptions {
  /** Takes a line. Reading goes on when it resolves. */
  readonly onLine: (line: string) => unknown;
  /** How many of the lines that are there already are shown. Default 50. */
  readonly lastLines?: number;
  /** Longer lines are cut. Default 4 KiB. */
  readonly maxLineBytes?: number;
}

const CHUNK_BYTES = 64 * 1024;
/** How many bytes before the place are compared to find out that the file was written anew. */
const MARK_BYTES = 64;

export class TailReader {
  readonly #path: string;
  readonly #onLine: (line: string) => unknown;
  readonly #lastLines: number;
  readonly #splitter: LineSplitter;
  readonly #chunk = Buffer.alloc(CHUNK_BYTES);
  #file: FileHandle | undefined;
  #position = 0;
  /** The bytes before the place, as they were read. */
  #mark = Buffer.alloc(0);
  #isFirst = true;
  #isStopped = false;

  constructor(path: string, { onLine, lastLines = 50, maxLineBytes = 4 * 1024 }: TailReaderOptions) {
    this.#path = path;
    this.#onLine = onLine;
    this.#lastLines = lastLines;
    this.#splitter = new LineSplitter(maxLineBytes);
  }

  /** Hands over what has come since the last look. Rejects where the file cannot be read; a missing one is waited for. */
  async look(): Promise<void> {
    const found = await stat(this.#path).catch(unlessMissing);
    if (found && !found.isFile()) throw new Error(`Cannot follow ${this.#path}: not a regular file`);
    // While nothing has taken its name, writers may still hold the old file.
    if (this.#file && found && !isSame(found, await this.#file.stat())) {
      await this.#readOn(this.#file);
      await this.#leave();
    }
    this.#file ??= found ? await open(this.#path).catch(unlessMissing) : undefined;
    if (!this.#file) {
      this.#isFirst = false;
    } else if (this.#isFirst) {
      this.#isFirst = false;
      await this.#begin(this.#file);
    } else {
      await this.#readOn(this.#file);
    }
  }

  /** Nothing is handed over from here on. */
  stop(): void {
    this.#isStopped = true;
  }

  /** After the last look. */
  async close(): Promise<void> {
    this.stop();
    await this.#file?.close();
    this.#file = undefined;
  }

  /** The last lines of a file that was there before us. */
  async #begin(file: FileHandle): Promise<void> {
    const { size } = await file.stat();
    const start = Math.max(0, size - CHUNK_BYTES);
    this.#position = start;
    const lines: string[] = [];
    await this.#readTo(size, file, async (more) => void lines.push(...more));
    // The first one began before our start.
    if (start > 0) lines.shift();
    await this.#handOver(this.#lastLines > 0 ? lines.slice(-this.#lastLines) : []);
  }

  async #readOn(file: FileHandle): Promise<void> {
    const { size } = await file.stat();
    if (size < this.#position || !(await this.#isWhereWeWere(file))) {
      await this.#handOver(this.#splitter.end());
      this.#moveTo(0);
    }
    await this.#readTo(size, file, (lines) => this.#handOver(lines));
  }

  async #readTo(end: number, file: FileHandle, take: (lines: string[]) => Promise<void>): Promise<void> {
    while (this.#position < end && !this.#isStopped) {
      const { bytesRead } = await file.read(this.#chunk, 0, CHUNK_BYTES, this.#position);
      if (bytesRead === 0) return;
      const bytes = this.#chunk.subarray(0, bytesRead);
      this.#moveTo(this.#position + bytesRead, Buffer.concat([this.#mark, bytes.subarray(-MARK_BYTES)]));
      await take(this.#splitter.push(bytes));
    }
  }

  #moveTo(position: number, read: Buffer = Buffer.alloc(0)): void {
    this.#position = position;
    this.#mark = Buffer.from(read.subarray(-MARK_BYTES));
  }

  /** False where the file was truncated and has already grown beyond our place again. */
  async #isWhereWeWere(file: FileHandle): Promise<boolean> {
    const { length } = this.#mark;
    const { buffer, bytesRead } = await file.read(Buffer.alloc(length), 0, length, this.#position - length);
    return bytesRead === length && buffer.equals(this.#mark);
  }

  async #leave(): Promise<void> {
    await this.#handOver(this.#splitter.end());
    await this.#file?.close();
    this.#file = undefined;
    this.#moveTo(0);
  }

  async #handOver(lines: readonly string[]): Promise<void> {
    for (const line of lines) {
      if (this.#isStopped) return;
      await this.#onLine(line);
    }
  }
}

function isSame(one: Stats, other: Stats): boolean {
  return one.ino === other.ino && one.dev === other.dev;
}

function unlessMissing(error: NodeJS.ErrnoException): undefined {
  if (error.code !== 'ENOENT') throw error;
}
