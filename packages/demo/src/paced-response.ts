/**
 * A response whose bytes can be held back, as a slow line would. In front of `res.write`, as compression is.
 * Invariant: every byte leaves once and in order, at whatever pace; who writes is told when there is room.
 */
import { Buffer } from 'node:buffer';
import type { ServerResponse } from 'node:http';

const TICK_MS = 100;

export class PacedResponse {
  readonly #res: ServerResponse;
  readonly #write: ServerResponse['write'];
  readonly #end: () => void;
  #bytesPerTick = Number.POSITIVE_INFINITY;
  #held = Buffer.alloc(0);
  #isEnded = false;
  #timer: NodeJS.Timeout | undefined;

  /** Takes hold of a response to which nothing has been written. */
  constructor(res: ServerResponse) {
    this.#res = res;
    this.#write = res.write.bind(res) as ServerResponse['write'];
    this.#end = res.end.bind(res) as () => void;
    res.write = ((...args: Parameters<ServerResponse['write']>) => this.#take(...args)) as ServerResponse['write'];
    res.end = ((...args: unknown[]) => this.#finish(args)) as ServerResponse['end'];
    res.once('close', () => clearInterval(this.#timer));
  }

  /** Bytes that wait here. */
  get heldBytes(): number {
    return this.#held.length;
  }

  /** From now on; Infinity lets go of everything that waits. */
  setPace(bytesPerSecond: number): void {
    this.#bytesPerTick = (bytesPerSecond * TICK_MS) / 1_000;
    clearInterval(this.#timer);
    this.#timer = undefined;
    if (Number.isFinite(bytesPerSecond)) this.#timer = setInterval(() => this.#pass(), TICK_MS);
    else this.#pass();
  }

  #take(chunk: unknown, ...rest: unknown[]): boolean {
    if (!this.#timer && this.#held.length === 0) return this.#write(chunk, ...(rest as []));
    const bytes = typeof chunk === 'string' ? Buffer.from(chunk, rest[0] as NodeJS.BufferEncoding) : (chunk as Buffer);
    this.#held = Buffer.concat([this.#held, bytes]);
    return false;
  }

  #finish(args: unknown[]): ServerResponse {
    if (this.#held.length === 0) (this.#end as (...all: unknown[]) => void)(...args);
    else {
      const [chunk] = args;
      if (typeof chunk === 'string' || Buffer.isBuffer(chunk)) this.#take(chunk);
      this.#isEnded = true;
    }
    return this.#res;
  }

  #pass(): void {
    if (this.#held.length === 0) return;
    const bytes = this.#held.subarray(0, this.#bytesPerTick);
    this.#held = this.#held.subarray(bytes.length);
    const hasRoom = this.#write(bytes);
    if (this.#held.length > 0) return;
    if (this.#isEnded) this.#end();
    // Node says so itself once the socket has taken what it now holds.
    else if (hasRoom) this.#res.emit('drain');
  }
}
