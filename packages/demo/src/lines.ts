/**
 * The lines between pages and servers, as far as a page may spoil its own: cut it for a while, slow it down. A page names itself in
 * the address of its stream (`?page=`). Everybody else's streams are untouched.
 * Invariant: what is kept of a page ends with its last stream, unless its line is cut or slow.
 */
import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import { PacedResponse } from './paced-response.js';

/** A slow line lets so much through: less than there is telemetry. */
const SLOW_BYTES_PER_SECOND = 400;
/** Pages that are remembered, at most. */
const MAX_LINES = 1_000;

interface Line {
  /** Time of `performance.now()`. */
  cutUntil: number;
  isSlow: boolean;
  readonly streams: Map<Socket, PacedResponse>;
}

export class Lines {
  readonly #lines = new Map<string, Line>();

  /** Node's listener, reached through the lines. */
  before(listener: RequestListener): RequestListener {
    return (req, res) => {
      if (this.#passes(req, res)) listener(req, res);
    };
  }

  /** Resets the page's connection, and each one that it tries for `ms` milliseconds. */
  cut(page: string, ms: number): void {
    const line = this.#lineOf(page);
    line.cutUntil = performance.now() + ms;
    for (const socket of line.streams.keys()) socket.resetAndDestroy();
  }

  slow(page: string, isSlow: boolean): void {
    const line = this.#lineOf(page);
    line.isSlow = isSlow;
    for (const stream of line.streams.values()) stream.setPace(paceOf(line));
    this.#forget(page);
  }

  stateOf(page: string): { isSlow: boolean; heldBytes: number } {
    const line = this.#lines.get(page);
    const held = [...(line?.streams.values() ?? [])].map(({ heldBytes }) => heldBytes);
    return { isSlow: line?.isSlow ?? false, heldBytes: held.reduce((sum, bytes) => sum + bytes, 0) };
  }

  #passes(req: IncomingMessage, res: ServerResponse): boolean {
    const page = pageOf(req.url ?? '');
    if (page === undefined) return true;
    const line = this.#lineOf(page);
    if (line.cutUntil > performance.now()) {
      req.socket.resetAndDestroy();
      return false;
    }
    const { socket } = req;
    const stream = new PacedResponse(res);
    if (line.isSlow) stream.setPace(paceOf(line));
    line.streams.set(socket, stream);
    res.once('close', () => {
      if (line.streams.get(socket) === stream) line.streams.delete(socket);
      this.#forget(page);
    });
    return true;
  }

  #lineOf(page: string): Line {
    let line = this.#lines.get(page);
    if (!line) {
      line = { cutUntil: 0, isSlow: false, streams: new Map() };
      if (this.#lines.size >= MAX_LINES) this.#dropIdle();
      this.#lines.set(page, line);
    }
    return line;
  }

  #forget(page: string): void {
    const line = this.#lines.get(page);
    if (line && line.streams.size === 0 && !line.isSlow && line.cutUntil <= performance.now()) this.#lines.delete(page);
  }

  #dropIdle(): void {
    for (const [page, { streams }] of this.#lines) if (streams.size === 0) this.#lines.delete(page);
  }
}

function paceOf({ isSlow }: Line): number {
  return isSlow ? SLOW_BYTES_PER_SECOND : Number.POSITIVE_INFINITY;
}

/** The page whose stream is asked for. */
function pageOf(url: string): string | undefined {
  return /^\/events\?(?:.*&)?page=([\w-]{1,40})(?:&|$)/.exec(url)?.[1];
}
