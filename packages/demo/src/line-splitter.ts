/**
 * From bytes to lines of text. Pure.
 * Invariant: of a line that is not yet complete at most `maxBytes` are held, however long it gets.
 */
import { Buffer } from 'node:buffer';
import { StringDecoder } from 'node:string_decoder';

const LF = 0x0a;

/** Stands for what was cut from a line that was too long. */
const CUT_MARK = '…';

export class LineSplitter {
  readonly #maxBytes: number;
  #held = Buffer.alloc(0);
  #isCut = false;

  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes;
  }

  /** The lines that `chunk` completes. The chunk may be reused afterwards. */
  push(chunk: Buffer): string[] {
    const lines: string[] = [];
    let from = 0;
    for (let at = chunk.indexOf(LF); at !== -1; at = chunk.indexOf(LF, from)) {
      this.#hold(chunk.subarray(from, at));
      lines.push(this.#take());
      from = at + 1;
    }
    this.#hold(chunk.subarray(from));
    return lines;
  }

  /** What is left at the end of a file that is not ended by a line feed. */
  end(): string[] {
    return this.#held.length > 0 ? [this.#take()] : [];
  }

  #hold(bytes: Buffer): void {
    const room = this.#maxBytes - this.#held.length;
    if (bytes.length > room) this.#isCut = true;
    if (bytes.length > 0 && room > 0) this.#held = Buffer.concat([this.#held, bytes.subarray(0, room)]);
  }

  /** Decoded whole, so that no character is split; the cut may split one, and then leaves it out. */
  #take(): string {
    const text = this.#isCut
      ? new StringDecoder('utf8').write(this.#held) + CUT_MARK
      : this.#held.toString('utf8').replace(/\r$/, '');
    this.#held = Buffer.alloc(0);
    this.#isCut = false;
    return text;
  }
}
