/**
 * HTTP/1.1 streams written straight to their socket, as chunks or (HTTP/1.0, chunking off) as they are: one write of one
 * shared buffer, where `res.write` makes a vector of four.
 * Invariant: the socket is written to only while it belongs to this response, and the response is open.
 */
import { Buffer } from 'node:buffer';
import type { ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import { TLSSocket } from 'node:tls';
import type { Batch } from '../batch.js';
import type { Sink, SinkEvents } from '../sink.js';
import { type Lease, leaseConnection } from './lease.js';
import { abort } from './response.js';

const NOTHING = Buffer.alloc(0);

export class SocketSink implements Sink {
  readonly #res: ServerResponse;
  readonly #socket: Socket;
  readonly #chunked: boolean;
  readonly #events: SinkEvents;
  readonly #lease: Lease;
  /** Passed to every write where writes never complete at once (TLS); elsewhere it would cost each of them a callback. */
  readonly #onEveryWrite: ((error?: Error | null) => void) | undefined;
  #waiting = false;
  #ended = false;
  #gone = false;

  /** Takes hold of a response whose headers have been flushed, and which has its socket. */
  constructor(res: ServerResponse, socket: Socket, events: SinkEvents) {
    this.#res = res;
    this.#socket = socket;
    this.#chunked = res.chunkedEncoding;
    this.#events = events;
    this.#lease = leaseConnection(res);
    this.#onEveryWrite = socket instanceof TLSSocket ? this.#onTaken : undefined;
    res.on('close', this.#onClose);
  }

  get pendingBytes(): number {
    return this.#res.socket === this.#socket ? this.#socket.writableLength : 0;
  }

  write(batch: Batch): boolean {
    if (this.#ended) return false;
    const socket = this.#socket;
    // `res.socket` is null once the socket has been given back; `writable` is false once it was ended or destroyed.
    if (this.#res.socket !== socket || this.#res.writableEnded || !socket.writable) {
      this.#leave();
      return false;
    }
    socket.write(this.#chunked ? batch.chunk : batch.plain, undefined, this.#onEveryWrite);
    if (!this.#waiting && socket.writableLength !== 0) this.#wait();
    return true;
  }

  end(disconnect: boolean): void {
    if (this.#ended) return;
    this.#stop();
    const owned = this.#res.socket === this.#socket;
    // Writes the last chunk after our bytes.
    if (!this.#res.writableEnded) this.#res.end();
    if (disconnect && owned) this.#lease.disconnect();
  }

  destroy(): void {
    if (this.#gone) return;
    this.#stop();
    abort(this.#res);
  }

  /** The socket's `drain` comes only after 16 KiB; an empty write in the queue tells of every byte before it. */
  #wait(): void {
    this.#waiting = true;
    if (this.#onEveryWrite === undefined) this.#socket.write(NOTHING, this.#onTaken);
  }

  readonly #onTaken = (error?: Error | null): void => {
    if (error || !this.#waiting || this.#ended) return;
    if (this.#socket.writableLength === 0) {
      this.#waiting = false;
      this.#events.drained();
    } else {
      this.#wait();
    }
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
    this.#res.removeListener('close', this.#onClose);
    this.#events.gone();
  }
}
