/**
 * Link: the pool that a store's calls go through. The server is looked at with the first call, and again each time it was away.
 * Invariant: a call is sent once or not at all, and never kept for later: while there is no server it fails at once, but for the
 * moment in which one is being tried.
 */
import { SseError } from '@headwater/core';
import type { Pool, PoolClient } from 'pg';
import { asError, isAnswer } from './failure.js';
import type { Row, Statement } from './statement.js';
import { Waiting } from './waiting.js';

const FIRST_RETRY_MS = 50;
const LAST_RETRY_MS = 2_000;

/** A server that is there answers sooner; one that is not is not waited for. */
const PATIENCE_MS = 250;

/** How long the pool's connections may take to say goodbye. */
const FAREWELL_MS = 1_000;

export class Link {
  readonly #pool: Pool;
  readonly #isOwn: boolean;
  readonly #timeoutMs: number;
  readonly #greet: (client: PoolClient) => Promise<void>;
  readonly #waiting = new Waiting();
  #isUp = false;
  #attempt: Promise<void> | undefined;
  #looking: Promise<void> | undefined;
  #retry: NodeJS.Timeout | undefined;
  #failures = 0;
  #failure: Error | undefined;
  #closed: Error | undefined;

  /** `greet` is given a connection before anything else; where it rejects the server is not used. */
  constructor(pool: Pool, isOwn: boolean, timeoutMs: number, greet: (client: PoolClient) => Promise<void>) {
    this.#pool = pool;
    this.#isOwn = isOwn;
    this.#timeoutMs = timeoutMs;
    this.#greet = greet;
    pool.on('error', ignore);
  }

  async run(statement: Statement, values: readonly unknown[]): Promise<readonly Row[]> {
    if (!this.#isUp) await this.#soon();
    try {
      return await this.#send(statement, values, this.#timeoutMs);
    } catch (error) {
      // Where all connections of an application's pool are taken, that is no fault of the server's.
      if (!isAnswer(error) && !(error instanceof Late && this.#pool.waitingCount > 0)) this.#lost(asError(error));
      throw error;
    }
  }

  /** Resolves once the server has been looked at. */
  async ready(): Promise<void> {
    if (!this.#isUp) await this.#soon();
  }

  /** The server seems silent elsewhere: gives up what is under way unless it answers within `ms`. */
  probe(statement: Statement, ms: number): void {
    if (this.#isUp) this.#send(statement, [], ms).catch((error) => this.#lost(asError(error)));
  }

  /** For good. What is under way is rejected with `error`. */
  async close(error: Error): Promise<void> {
    this.#closed = error;
    clearTimeout(this.#retry);
    this.#waiting.end(error);
    if (!this.#isOwn) {
      this.#pool.off('error', ignore);
      return;
    }
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<void>((resolve) => {
      timer = setTimeout(resolve, FAREWELL_MS).unref();
    });
    await Promise.race([this.#pool.end().catch(ignore), late]);
    clearTimeout(timer);
  }

  async #send(statement: Statement, values: readonly unknown[], timeoutMs: number): Promise<readonly Row[]> {
    const { rows } = await this.#waiting.within(
      timeoutMs,
      () => this.#pool.query<unknown[]>(statement.with(values, timeoutMs)),
      () => new Late(timeoutMs),
    );
    return rows as Row[];
  }

  /** The attempt that is under way. */
  #soon(): Promise<void> {
    if (this.#closed) throw this.#closed;
    if (this.#retry !== undefined) throw this.#failure;
    this.#attempt ??= this.#open();
    const attempt = this.#attempt;
    // The very first one is waited for, as long as it takes.
    return this.#failure ? this.#patiently(attempt, this.#failure) : attempt;
  }

  #patiently(attempt: Promise<void>, failure: Error): Promise<void> {
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => reject(failure), PATIENCE_MS).unref();
      attempt.then(resolve, reject).finally(() => clearTimeout(timer));
    });
  }

  async #open(): Promise<void> {
    try {
      await this.#waiting.within(
        this.#timeoutMs,
        () => {
          // One at a time: a pool that waits for a frozen server would have one more to wait for with each attempt.
          this.#looking ??= this.#lookAt().finally(() => {
            this.#looking = undefined;
          });
          return this.#looking;
        },
        () => new Late(this.#timeoutMs),
      );
      if (this.#closed) throw this.#closed;
      this.#failures = 0;
      this.#isUp = true;
    } catch (error) {
      const failure = this.#closed ?? asError(error);
      this.#failure = failure;
      if (!this.#closed) this.#retryLater();
      throw failure;
    } finally {
      this.#attempt = undefined;
    }
  }

  async #lookAt(): Promise<void> {
    const client = await this.#pool.connect();
    // The pool listens only while nobody has it, and an error without a listener would end the process.
    client.on('error', ignore);
    try {
      await this.#greet(client);
      client.release();
    } catch (error) {
      client.release(asError(error));
      throw error;
    } finally {
      client.off('error', ignore);
    }
  }

  #lost(error: Error): void {
    if (this.#closed || !this.#isUp) return;
    this.#isUp = false;
    this.#failure = new SseError('ERR_SSE_STORE', `The connection to PostgreSQL was lost: ${error.message}`, {
      cause: error,
      statusCode: 503,
    });
    this.#waiting.end(this.#failure);
    this.#attempt = this.#open();
    this.#attempt.catch(ignore);
  }

  #retryLater(): void {
    const ceiling = Math.min(LAST_RETRY_MS, FIRST_RETRY_MS * 2 ** this.#failures++);
    this.#retry = setTimeout(
      () => {
        this.#retry = undefined;
        this.#attempt = this.#open();
        this.#attempt.catch(ignore);
      },
      ceiling * (0.5 + Math.random() / 2),
    ).unref();
  }
}

class Late extends Error {
  constructor(timeoutMs: number) {
    super(`the server has not answered for ${timeoutMs} ms`);
  }
}

function ignore(): void {
  // A connection that breaks is replaced, and whoever waits for its answer is told.
}
