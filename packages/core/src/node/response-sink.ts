/**
 * Streams through `res.write`, for responses that something has wrapped (compression, sessions), that have no real socket
 * (`inject`), or none yet (pipelined requests). Compressing wrappers are asked to flush after every write.
 * Invariant: the response is used through its public methods only, and whatever they throw ends the stream.
 */
import type { ServerResponse } from 'node:http';
import type { Batch } from '../batch.js';
import type { Sink, SinkEvents } from '../sink.js';
import { type Lease, leaseConnection } from './lease.js';
import { abort, isOver, type NodeResponse, onClosed } from './response.js';

/** What a compressing middleware adds. */
interface Flushing {
  flush?(): void;
}

export class ResponseSink implements Sink {
  readonly #res: ServerResponse & Flushing;
  readonly #events: SinkEvents;
  readonly #lease: Lease;
  readonly #unlisten: () => void;
  /** True from a write that found no room until `drain`. */
  #full = false;
  #unsentBytes = 0;
  #ended = false;
  #gone = false;

  /** Takes hold of a response whose headers have been sent. */
  constructor(res: NodeResponse, events: SinkEvents) {
    // The compatibility API has the same methods; only its types differ.
    this.#res = res as ServerResponse & Flushing;
    this.#events = events;
    this.#lease = leaseConnection(res);
    this.#res.on('drain', this.#onDrain);
    this.#unlisten = onClosed(res, this.#leave);
  }

  /** 0 while there is room: until then nothing tells when bytes have left, and a compressor hides what it holds. */
  get pendingBytes(): number {
    // Nobody hears `drain` any more.
    if (this.#ended) return this.#gone ? 0 : this.#res.writableLength;
    return this.#full ? Math.max(this.#unsentBytes, this.#res.writableLength) : 0;
  }

  write(batch: Batch): boolean {
    if (this.#ended) return false;
    if (isOver(this.#res)) {
      this.#leave();
      return false;
    }
    try {
      if (!this.#res.write(batch.plain)) this.#full = true;
      this.#res.flush?.();
    } catch {
      this.destroy();
      return false;
    }
    if (this.#full) this.#unsentBytes += batch.size;
    return true;
  }

  end(disconnect: boolean): void {
    if (this.#ended) return;
    this.#stop();
    // Not sooner: a compressor's last bytes come after `end` has returned.
    if (disconnect) this.#res.once('finish', () => this.#lease.disconnect());
    try {
      if (!this.#res.writableEnded) this.#res.end();
    } catch {
      abort(this.#res);
    }
  }

  destroy(): void {
    if (this.#gone) return;
    this.#stop();
    abort(this.#res);
    // Queued behind another response, whose end may be far: nothing would tell.
    if (this.#res.socket === null) queueMicrotask(this.#leave);
  }

  readonly #onDrain = (): void => {
    if (!this.#full || this.#ended) return;
    this.#full = false;
    this.#unsentBytes = 0;
    this.#events.drained();
  };

  #stop(): void {
    if (this.#ended) return;
    this.#ended = true;
    this.#res.removeListener('drain', this.#onDrain);
    this.#lease.release();
  }

  readonly #leave = (): void => {
    if (this.#gone) return;
    this.#gone = true;
    this.#stop();
    this.#unlisten();
    this.#events.gone();
  };
}
