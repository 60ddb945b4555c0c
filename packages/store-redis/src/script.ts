/** Scripts: sent by their hash, and as a whole where the server does not know it. Pure but for the sending. */
import { createHash } from 'node:crypto';
import type { Argument } from './client.js';

export type Send = (args: readonly Argument[]) => Promise<unknown>;

export class Script {
  readonly #source: string;
  readonly #hash: string;

  constructor(source: string) {
    this.#source = source;
    this.#hash = createHash('sha1').update(source).digest('hex');
  }

  async run(send: Send, keys: readonly string[], args: readonly Argument[]): Promise<unknown> {
    const rest = [String(keys.length), ...keys, ...args];
    try {
      return await send(['EVALSHA', this.#hash, ...rest]);
    } catch (error) {
      // The server was restarted, or never saw it: it has done nothing yet.
      if (!(error instanceof Error && error.message.startsWith('NOSCRIPT'))) throw error;
      return send(['EVAL', this.#source, ...rest]);
    }
  }
}
