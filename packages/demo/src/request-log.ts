/** The demo's own request log: what it writes, the tail reads. Writes never wait for each other's callers, and never fail them. */
import { appendFile, rename, stat } from 'node:fs/promises';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Observer } from '@headwater/core';

/** From this size on the file is moved to `<path>.1` and begun anew. */
const MAX_BYTES = 1024 * 1024;
/** So many lines wait for a disk that does not answer; further ones are lost. */
const MAX_WAITING = 10_000;

export class RequestLog {
  readonly #path: string;
  readonly #onError: (error: unknown) => void;
  #lines: string[] = [];
  #writing: Promise<void> | undefined;

  constructor(path: string, onError: (error: unknown) => void) {
    this.#path = path;
    this.#onError = onError;
  }

  write(text: string): void {
    if (this.#lines.length >= MAX_WAITING) return;
    this.#lines.push(`${new Date().toISOString()} ${text}\n`);
    this.#writing ??= this.#writeAll();
  }

  /** One line for each request, when its response is over. */
  record(server: string, { method, url }: IncomingMessage, response: ServerResponse): void {
    const start = performance.now();
    response.once('close', () => {
      this.write(`${server} ${method} ${url} ${response.statusCode} ${Math.round(performance.now() - start)} ms`);
    });
  }

  /** One line for each thing that happens to a stream. */
  get observer(): Observer {
    return {
      resumed: ({ id }, { resume, behind }) => this.write(`stream ${id} ${resume}, ${behind} behind`),
      reset: ({ id }, { reason, channels }) => this.write(`stream ${id} reset: ${reason} of ${channels.join(', ')}`),
      refused: ({ id }, why) => this.write(`stream ${id} refused: ${why}`),
      closed: ({ id }, { reason, durationMs }) =>
        this.write(`stream ${id} closed after ${Math.round(durationMs / 1000)} s: ${reason}`),
    };
  }

  /** Resolves once everything is written. */
  async close(): Promise<void> {
    await this.#writing;
  }

  async #writeAll(): Promise<void> {
    try {
      for (let lines = this.#lines; lines.length > 0; lines = this.#lines) {
        this.#lines = [];
        const { size } = await stat(this.#path).catch(() => ({ size: 0 }));
        if (size > MAX_BYTES) await rename(this.#path, `${this.#path}.1`);
        await appendFile(this.#path, lines.join(''));
      }
    } catch (error) {
      this.#onError(error);
    }
    this.#writing = undefined;
  }
}
