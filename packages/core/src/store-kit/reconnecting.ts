/**
 * Reconnecting: a store's connection to its server, made with the first use and made again for as long as it is not closed.
 * Invariant: there is one at a time, or one attempt. While there is none whoever asks fails at once, but for the moment in which
 * one is being made: a server that comes back is met soon, one that is away keeps nobody waiting.
 */
import { SseError } from '../errors.js';
import { asError } from './errors.js';

const FIRST_RETRY_MS = 50;
const LAST_RETRY_MS = 2_000;

/** A server that is there answers sooner; one that is not is not waited for. */
const PATIENCE_MS = 250;

/** How connections to one kind of server come and go. */
export interface Connecting<Connection> {
  /** The server's name, for messages. */
  readonly server: string;
  /** Resolves to a connection that can be used. Where it rejects it leaves nothing behind. */
  open(): Promise<Connection>;
  /** Ends a connection for good. */
  end(connection: Connection, error: Error): void;
  /** The connection in use was lost; another one is tried for right after. */
  onLost?(failure: SseError): void;
}

export class Reconnecting<Connection extends object | true> {
  readonly #how: Connecting<Connection>;
  #current: Connection | undefined;
  #attempt: Promise<Connection> | undefined;
  #retry: NodeJS.Timeout | undefined;
  #failures = 0;
  #failure: Error | undefined;
  #closed: Error | undefined;

  constructor(how: Connecting<Connection>) {
    this.#how = how;
  }

  /** The connection in use. */
  get current(): Connection | undefined {
    return this.#current;
  }

  /** The connection, or the one that is being made. Rejects with why there is none. */
  async get(): Promise<Connection> {
    if (this.#closed) throw this.#closed;
    if (this.#current) return this.#current;
    if (this.#retry !== undefined) throw this.#failure;
    this.#attempt ??= this.#open();
    // The very first one is waited for, as long as it takes.
    return this.#failure ? patiently(this.#attempt, this.#failure) : this.#attempt;
  }

  /** `connection` has ended, or is not to be used any more. Nothing happens where it is not the one in use. */
  lost(connection: Connection, error: Error): void {
    if (connection !== this.#current) return;
    this.#current = undefined;
    const failure =
      error instanceof SseError
        ? error
        : new SseError('ERR_SSE_STORE', `The connection to ${this.#how.server} was lost: ${error.message}`, {
            cause: error,
            statusCode: 503,
          });
    this.#failure = failure;
    this.#how.onLost?.(failure);
    // Whoever was told may have asked for the next one already, or closed this.
    if (!this.#attempt && !this.#closed) this.#begin();
  }

  /** For good: from now on whoever asks gets `error`. */
  close(error: Error): void {
    this.#closed = error;
    clearTimeout(this.#retry);
    const connection = this.#current;
    this.#current = undefined;
    if (connection) this.#how.end(connection, error);
  }

  #begin(): void {
    this.#attempt = this.#open();
    this.#attempt.catch(() => {});
  }

  async #open(): Promise<Connection> {
    try {
      const connection = await this.#how.open();
      if (this.#closed) {
        this.#how.end(connection, this.#closed);
        throw this.#closed;
      }
      this.#failures = 0;
      this.#current = connection;
      return connection;
    } catch (error) {
      const failure = this.#closed ?? asError(error);
      this.#failure = failure;
      if (!this.#closed) this.#retryLater();
      throw failure;
    } finally {
      this.#attempt = undefined;
    }
  }

  #retryLater(): void {
    const ceiling = Math.min(LAST_RETRY_MS, FIRST_RETRY_MS * 2 ** this.#failures++);
    this.#retry = setTimeout(
      () => {
        this.#retry = undefined;
        this.#begin();
      },
      ceiling * (0.5 + Math.random() / 2),
    ).unref();
  }
}

function patiently<Result>(attempt: Promise<Result>, failure: Error): Promise<Result> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => reject(failure), PATIENCE_MS).unref();
    attempt.then(resolve, reject).finally(() => clearTimeout(timer));
  });
}
