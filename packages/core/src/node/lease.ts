/**
 * What a stream borrows from the connection under it: the idle timeout, which is off exactly while a stream is open on it.
 * Without this a server's `timeout` would end streams that are merely silent.
 */
import type { ServerResponse } from 'node:http';
import type { Http2Session } from 'node:http2';
import { Socket } from 'node:net';
import { isHttp2, type NodeResponse } from './response.js';

export interface Lease {
  /** Gives the timeout back. At most once, while the response still has its connection where possible. */
  release(): void;
  /** Closes the connection once what was written has left. After `release`. */
  disconnect(): void;
}

export function leaseConnection(res: NodeResponse): Lease {
  if (isHttp2(res)) return res.stream.session === undefined ? noLease : new SessionLease(res.stream.session);
  const socket = res.socket ?? res.req.socket;
  // `inject` and the like bring sockets of their own, without timeouts.
  return socket instanceof Socket ? new SocketLease(res, socket) : noLease;
}

const noLease: Lease = { release() {}, disconnect() {} };

class SocketLease implements Lease {
  readonly #res: ServerResponse;
  readonly #socket: Socket;
  readonly #timeoutMs: number;
  #released = false;

  constructor(res: ServerResponse, socket: Socket) {
    this.#res = res;
    this.#socket = socket;
    this.#timeoutMs = socket.timeout ?? 0;
    if (res.socket === socket) socket.setTimeout(0);
    // Queued behind another response, which still needs the timeout.
    else res.once('socket', () => this.#released || socket.setTimeout(0));
  }

  release(): void {
    this.#released = true;
    // A socket that was given back has its keep-alive timeout from Node, or serves the next request already.
    if (this.#timeoutMs > 0 && this.#res.socket === this.#socket) this.#socket.setTimeout(this.#timeoutMs);
  }

  disconnect(): void {
    this.#socket.destroySoon();
  }
}

interface Lent {
  streams: number;
  readonly timeoutMs: number;
}

/** Sessions with at least one open stream of ours. */
const lent = new WeakMap<Http2Session, Lent>();

class SessionLease implements Lease {
  readonly #session: Http2Session;

  constructor(session: Http2Session) {
    this.#session = session;
    const entry = lent.get(session);
    if (entry !== undefined) {
      entry.streams += 1;
      return;
    }
    // Not in the types: http2 shares `setTimeout` with net.Socket, whose `timeout` is documented.
    const { timeout: timeoutMs = 0 } = session as { timeout?: number };
    lent.set(session, { streams: 1, timeoutMs });
    if (timeoutMs > 0) session.setTimeout(0);
  }

  release(): void {
    const entry = lent.get(this.#session);
    if (entry === undefined) return;
    entry.streams -= 1;
    if (entry.streams > 0) return;
    lent.delete(this.#session);
    if (entry.timeoutMs > 0 && !this.#session.destroyed) this.#session.setTimeout(entry.timeoutMs);
  }

  disconnect(): void {
    // GOAWAY lets requests in flight complete, but turns new ones away: not while other streams live here.
    if (!lent.has(this.#session)) this.#session.close();
  }
}
