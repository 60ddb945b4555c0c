/**
 * Link: the connection that a store's calls go through. It is made with the first call, and made again for as long as the store is
 * open.
 * Invariant: a call is sent once or not at all, and never kept for later: while there is no connection it fails at once, but for
 * the moment in which one is being made.
 */
import { SseError } from '@headwater/core';
import type { Argument, Connector } from './client.js';
import { Session } from './session.js';

const FIRST_RETRY_MS = 50;
const LAST_RETRY_MS = 2_000;

/** A server that is there answers sooner; one that is not is not waited for. */
const PATIENCE_MS = 250;

export class Link {
  readonly #connect: Connector;
  readonly #timeoutMs: number;
  readonly #greet: (session: Session) => Promise<void>;
  #session: Session | undefined;
  #attempt: Promise<Session> | undefined;
  #retry: NodeJS.Timeout | undefined;
  #failures = 0;
  #failure: Error | undefined;
  #closed: Error | undefined;

  /** `greet` is given each new connection before anything else; where it rejects the connection is not used. */
  constructor(connect: Connector, timeoutMs: number, greet: (session: Session) => Promise<void>) {
    this.#connect = connect;
    this.#timeoutMs = timeoutMs;
    this.#greet = greet;
  }

  async send(args: readonly Argument[]): Promise<unknown> {
    const session = this.#session ?? (await this.#soon());
    try {
      return await session.send(args, this.#timeoutMs);
    } catch (error) {
      // What was the primary is a replica by now: the same address may already lead to the new one.
      if (error instanceof Error && error.message.startsWith('READONLY')) session.end(error);
      throw error;
    }
  }

  /** The server seems silent elsewhere: gives this connection up unless it answers within `ms`. */
  probe(ms: number): void {
    this.#session?.send(['PING'], ms).catch(() => {});
  }

  /** For good. What is under way is rejected with `error`. */
  close(error: Error): void {
    this.#closed = error;
    clearTimeout(this.#retry);
    this.#session?.end(error);
  }

  /** The session that is being made. */
  #soon(): Promise<Session> {
    if (this.#closed) throw this.#closed;
    if (this.#retry !== undefined) throw this.#failure;
    this.#attempt ??= this.#open();
    const attempt = this.#attempt;
    // The very first one is waited for, as long as it takes.
    return this.#failure ? this.#patiently(attempt, this.#failure) : attempt;
  }

  #patiently(attempt: Promise<Session>, failure: Error): Promise<Session> {
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => reject(failure), PATIENCE_MS).unref();
      attempt.then(resolve, reject).finally(() => clearTimeout(timer));
    });
  }

  async #open(): Promise<Session> {
    let session: Session | undefined;
    try {
      session = await Session.open(this.#connect, this.#timeoutMs, (error) => this.#lost(session as Session, error));
      await this.#greet(session);
      if (this.#closed) throw this.#closed;
      if (session.isOver) throw new Error('the connection was lost at once');
      this.#failures = 0;
      this.#session = session;
      return session;
    } catch (error) {
      const failure = this.#closed ?? asError(error);
      this.#failure = failure;
      session?.end(failure);
      if (!this.#closed) this.#retryLater();
      throw failure;
    } finally {
      this.#attempt = undefined;
    }
  }

  #lost(session: Session, error: Error): void {
    if (session !== this.#session) return;
    this.#session = undefined;
    this.#failure = new SseError('ERR_SSE_STORE', `The connection to Redis was lost: ${error.message}`, {
      cause: error,
      statusCode: 503,
    });
    if (this.#closed) return;
    this.#attempt = this.#open();
    this.#attempt.catch(() => {});
  }

  #retryLater(): void {
    const ceiling = Math.min(LAST_RETRY_MS, FIRST_RETRY_MS * 2 ** this.#failures++);
    this.#retry = setTimeout(
      () => {
        this.#retry = undefined;
        this.#attempt = this.#open();
        this.#attempt.catch(() => {});
      },
      ceiling * (0.5 + Math.random() / 2),
    ).unref();
  }
}

function asError(error: unknown): Error {
  return error instanceof Error ? error : new Error(String(error));
}
