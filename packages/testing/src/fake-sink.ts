/**
 * FakeSink: keeps what is written, and lets it leave when there is room. What has left is parsed only when someone looks, so that a
 * simulation of many streams pays for those alone that it compares.
 */
import type { Batch, Sink, SinkEvents } from '@headwater/core';
import { Bytes } from './bytes.js';
import { EventReader } from './reader.js';
import { nothingReceived, type Received } from './received.js';

/**
 * How a fake stream ended: by the sink's `end(false)`, `end(true)` or `destroy()`, or by the test's `cut()`.
 * @example
 * transport.ending; // 'disconnect'
 */
export type FakeEnding = 'end' | 'disconnect' | 'destroy' | 'cut';

export class FakeSink implements Sink {
  readonly batches: Batch[] = [];
  ending: FakeEnding | undefined;
  readonly #hasBody: boolean;
  readonly #over: () => void;
  readonly #received: Received;
  readonly #reader: EventReader;
  readonly #left = new Bytes();
  #unparsed: Uint8Array[] = [];
  #waiting: Uint8Array[] = [];
  #pendingBytes = 0;
  #isPaused = false;
  /** An orderly end that waits for room. */
  #endsWith: 'end' | 'disconnect' | undefined;
  #isCutUnnoticed = false;
  #events: SinkEvents | undefined;

  /** @param over Called before the connection hears that the stream is over. */
  constructor(isHead: boolean, lastEventId: string, over: () => void) {
    this.#hasBody = !isHead;
    this.#over = over;
    this.#received = nothingReceived(lastEventId);
    this.#reader = new EventReader(this.#received);
  }

  get pendingBytes(): number {
    return this.#pendingBytes;
  }

  get text(): string {
    return this.#left.all.toString('utf8');
  }

  get received(): Received {
    for (const bytes of this.#unparsed.splice(0)) this.#reader.push(bytes);
    return this.#received;
  }

  start(prelude: Batch, events: SinkEvents): void {
    this.#events = events;
    this.write(prelude);
  }

  write(batch: Batch): boolean {
    if (this.#isCutUnnoticed) this.#finish('cut');
    if (this.ending !== undefined || this.#endsWith !== undefined) return false;
    this.batches.push(batch);
    if (!this.#hasBody) return true;
    if (this.#isPaused) {
      this.#waiting.push(batch.plain);
      this.#pendingBytes += batch.size;
    } else {
      this.#leave(batch.plain);
    }
    return true;
  }

  end(disconnect: boolean): void {
    this.#endsWith ??= disconnect ? 'disconnect' : 'end';
    if (this.#pendingBytes === 0) this.#finish(this.#endsWith);
  }

  destroy(): void {
    this.#finish('destroy');
  }

  pause(): void {
    this.#isPaused = true;
  }

  drain(bytes?: number): void {
    if (bytes === undefined) this.#isPaused = false;
    if (this.#pendingBytes === 0) return;
    let room = bytes ?? this.#pendingBytes;
    while (room > 0) {
      const first = this.#waiting[0];
      if (first === undefined) break;
      const part = first.subarray(0, room);
      if (part.length === first.length) this.#waiting.shift();
      else this.#waiting[0] = first.subarray(part.length);
      room -= part.length;
      this.#pendingBytes -= part.length;
      this.#leave(part);
    }
    if (this.#pendingBytes > 0) return;
    if (this.#endsWith === undefined) this.#events?.drained();
    else this.#finish(this.#endsWith);
  }

  cut(isUnnoticed: boolean): void {
    if (isUnnoticed) this.#isCutUnnoticed = true;
    else this.#finish('cut');
  }

  #leave(bytes: Uint8Array): void {
    // After an unnoticed cut nobody is there to receive it.
    if (this.#isCutUnnoticed) return;
    this.#left.push(bytes);
    this.#unparsed.push(bytes);
  }

  #finish(ending: FakeEnding): void {
    if (this.ending !== undefined) return;
    this.ending = ending;
    this.#waiting = [];
    this.#pendingBytes = 0;
    this.#over();
    this.#events?.gone();
  }
}
