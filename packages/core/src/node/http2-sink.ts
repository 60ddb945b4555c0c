/**
 * HTTP/2 streams: the frames as they are, straight to the Http2Stream, which makes DATA frames of them.
 * Invariant: only this stream is touched; the session and its other streams are left alone, but for their idle timeout.
 */
import type { Http2ServerResponse, ServerHttp2Stream } from 'node:http2';
import type { Batch } from '../batch.js';
import type { Sink, SinkEvents } from '../sink.js';
import { type Lease, leaseConnection } from './lease.js';
import { abort } from './response.js';

export class Http2Sink implements Sink {
  readonly #res: Http2ServerResponse;
  readonly #stream: ServerHttp2Stream;
  readonly #events: SinkEvents;
  readonly #lease: Lease;
  #waiting = false;
  #ended = false;
  #gone = false;

  /** Takes hold of a response whose headers have been sent. */
  constructor(res: Http2ServerResponse, events: SinkEvents) {
    this.#res = res;
    this.#stream = res.stream;
    this.#events = events;
    this.#lease = leaseConnection(res);
    // Not the response: for HEAD its `close` depends on who called `end`.
    this.#stream.on('close', this.#onClose);
  }

  get pendingBytes(): number {
    return this.#stream.writableLength;
  }

  write(batch: Batch): boolean {
    if (this.#ended) return false;
    // `writable` is false once the response was ended, or the stream reset or destroyed.
    if (!this.#stream.writable) {
      this.#leave();
      return false;
    }
    // Writes complete later in any case, so that the callback costs nothing.
    this.#waiting = true;
    this.#stream.write(batch.plain, this.#onTaken);
    return true;
  }

  end(disconnect: boolean): void {
    if (this.#ended) return;
    this.#stop();
    this.#res.end();
    if (disconnect) this.#lease.disconnect();
  }

  destroy(): void {
    if (this.#gone) return;
    this.#stop();
    abort(this.#res);
  }

  readonly #onTaken = (error?: Error | null): void => {
    // Many writes complete together.
    if (error || !this.#waiting || this.#ended || this.#stream.writableLength !== 0) return;
    this.#waiting = false;
    this.#events.drained();
  };

  readonly #onClose = (): void => this.#leave();

  #stop(): void {
    if (this.#ended) return;
    this.#ended = true;
    this.#lease.release();
  }

  #leave(): void {
    if (this.#gone) return;
    this.#gone = true;
    this.#stop();
    this.#stream.removeListener('close', this.#onClose);
    this.#events.gone();
  }
}
