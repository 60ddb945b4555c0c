/**
 * Link: the session that a store's calls go through. It is made with the first call, and made again for as long as the store is
 * open.
 * Invariant: while there is no session a call fails at once, but for the moment in which one is being made.
 */
import { SseError } from '@headwater/core';
import type { Replica } from './mirror.js';
import { Session, type SessionParts } from './session.js';

const FIRST_RETRY_MS = 50;
const LAST_RETRY_MS = 2_000;

/** A server that is there answers sooner; one that is not is not waited for. */
const PATIENCE_MS = 250;

export class Link {
  readonly #parts: SessionParts;
  readonly #onLost: (error: Error) => void;
  #session: Session | undefined;
  #replica: Replica | undefined;
  #attempt: Promise<Session> | undefined;
  #retry: NodeJS.Timeout | undefined;
  #failures = 0;
  #failure: Error | undefined;
  #closed: Error | undefined;

  /** `onLost` is told why each session ends that had come about. */
  constructor(parts: SessionParts, onLost: (error: Error) => void) {
    this.#parts = parts;
    this.#onLost = onLost;
  }

  /** The session, or the one that is being made. Rejects where there is none. */
  async session(): Promise<Session> {
    if (this.#closed) throw this.#closed;
    if (this.#session) return this.#session;
    if (this.#retry !== undefined) throw this.#failure;
    this.#attempt ??= this.#open();
    const attempt = this.#attempt;
    // The very first one is waited for, as long as it takes.
    return this.#failure ? this.#patiently(attempt, this.#failure) : attempt;
  }

  /** For good. What is under way is rejected with `error`. */
  close(error: Error): void {
    this.#closed = error;
    clearTimeout(this.#retry);
    this.#session?.end(error);
  }

  #patiently(attempt: Promise<Session>, failure: Error): Promise<Session> {
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => reject(failure), PATIENCE_MS).unref();
      attempt.then(resolve, reject).finally(() => clearTimeout(timer));
    });
  }

  async #open(): Promise<Session> {
    try {
      const session: Session = await Session.open(this.#parts, this.#replica, (error) => this.#lost(session, error));
      if (this.#closed) session.end(this.#closed);
      if (session.ended) throw session.ended;
      this.#failures = 0;
      this.#session = session;
      this.#replica = session.replica;
      return session;
    } catch (error) {
      const failure = this.#closed ?? (error instanceof Error ? error : new Error(String(error)));
      this.#failure = failure;
      if (!this.#closed) this.#retryLater();
      throw failure;
    } finally {
      this.#attempt = undefined;
    }
  }

  #lost(session: Session, error: Error): void {
    if (session !== this.#session) return;
    this.#session = undefined;
    this.#failure =
      error instanceof SseError
        ? error
        : new SseError('ERR_SSE_STORE', `The connection to NATS was lost: ${error.message}`, {
            cause: error,
            statusCode: 503,
          });
    this.#onLost(this.#failure);
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
