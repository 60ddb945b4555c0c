/**
 * Link: the pool that a store's calls go through. The server is looked at with the first call, and again each time it was away.
 * Invariant: a call is sent once or not at all, and never kept for later: while there is no server it fails at once, but for the
 * moment in which one is being tried.
 */
import { asError, Reconnecting } from '@headwater/core/store-kit';
import type { Pool, PoolClient } from 'pg';
import { isAnswer } from './failure.js';
import type { Row, Statement } from './statement.js';
import { Waiting } from './waiting.js';

/** How long the pool's connections may take to say goodbye. */
const FAREWELL_MS = 1_000;

export class Link {
  readonly #pool: Pool;
  readonly #isOwn: boolean;
  readonly #timeoutMs: number;
  readonly #greet: (client: PoolClient) => Promise<void>;
  readonly #waiting = new Waiting();
  /** The pool makes and replaces its connections itself: what comes and goes here is the server. */
  readonly #server: Reconnecting<true>;
  #looking: Promise<void> | undefined;

  /** `greet` is given a connection before anything else; where it rejects the server is not used. */
  constructor(pool: Pool, isOwn: boolean, timeoutMs: number, greet: (client: PoolClient) => Promise<void>) {
    this.#pool = pool;
    this.#isOwn = isOwn;
    this.#timeoutMs = timeoutMs;
    this.#greet = greet;
    this.#server = new Reconnecting({
      server: 'PostgreSQL',
      open: () => this.#open(),
      end: ignore,
      onLost: (failure) => this.#waiting.end(failure),
    });
    pool.on('error', ignore);
  }

  async run(statement: Statement, values: readonly unknown[]): Promise<readonly Row[]> {
    if (!this.#server.current) await this.#server.get();
    try {
      return await this.#send(statement, values, this.#timeoutMs);
    } catch (error) {
      // Where all connections of an application's pool are taken, that is no fault of the server's.
      if (!isAnswer(error) && !(error instanceof Late && this.#pool.waitingCount > 0))
        this.#server.lost(true, asError(error));
      throw error;
    }
  }

  /** Resolves once the server has been looked at. */
  async ready(): Promise<void> {
    await this.#server.get();
  }

  /** The server seems silent elsewhere: gives up what is under way unless it answers within `ms`. */
  probe(statement: Statement, ms: number): void {
    if (!this.#server.current) return;
    this.#send(statement, [], ms).catch((error) => this.#server.lost(true, asError(error)));
  }

  /** For good. What is under way is rejected with `error`. */
  async close(error: Error): Promise<void> {
    this.#server.close(error);
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

  async #open(): Promise<true> {
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
    return true;
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
}

class Late extends Error {
  constructor(timeoutMs: number) {
    super(`the server has not answered for ${timeoutMs} ms`);
  }
}

function ignore(): void {
  // A connection that breaks is replaced, and whoever waits for its answer is told.
}
