/**
 * The sink of a stream whose head waits for the onSend hooks: keeps what is written, in order, until it gets the response.
 * Invariant: bytes wait here or in the sink behind, never in both, and the end comes after all of them.
 */
import type { Batch, Sink, SinkEvents } from '@headwater/core';
import { type NodeResponse, takeHold } from '@headwater/core/node';

export class DeferredSink implements Sink {
  readonly #prelude: Batch;
  readonly #events: SinkEvents;
  #waiting: Batch[] = [];
  #waitingBytes: number;
  #ending: 'end' | 'disconnect' | 'destroy' | undefined;
  #sink: Sink | undefined;

  constructor(prelude: Batch, events: SinkEvents) {
    this.#prelude = prelude;
    this.#waitingBytes = prelude.size;
    this.#events = events;
  }

  /** The sink behind, once it is there: nobody needs this one any more. */
  get current(): Sink {
    return this.#sink ?? this;
  }

  get pendingBytes(): number {
    return this.#sink?.pendingBytes ?? this.#waitingBytes;
  }

  write(batch: Batch): boolean {
    if (this.#sink) return this.#sink.write(batch);
    if (this.#ending) return false;
    this.#waiting.push(batch);
    this.#waitingBytes += batch.size;
    return true;
  }

  end(disconnect: boolean): void {
    if (this.#sink) this.#sink.end(disconnect);
    else this.#ending ??= disconnect ? 'disconnect' : 'end';
  }

  destroy(): void {
    if (this.#sink) return this.#sink.destroy();
    this.#ending = 'destroy';
    this.#forget();
  }

  /** Gets the response: sends its head, then everything that has waited. @throws what the sending of the head throws. */
  takeHold(res: NodeResponse): void {
    const sink = takeHold(res, this.#prelude, this.#events);
    const hasWaited = this.#waiting.length > 0;
    for (const batch of this.#waiting) if (!sink.write(batch)) break;
    this.#forget();
    this.#sink = sink;
    if (this.#ending === 'destroy') sink.destroy();
    else if (this.#ending) sink.end(this.#ending === 'disconnect');
    else if (hasWaited && sink.pendingBytes === 0) this.#events.drained();
  }

  #forget(): void {
    this.#waiting = [];
    this.#waitingBytes = 0;
  }
}
