/**
 * Session: the one connection on which a store hears of what is new. PostgreSQL notifies it, and whoever follows the log reads over it.
 * Invariant: every call is answered or rejected within its time limit, and `onEnd` is called once, with why.
 */
import { asError } from '@headwater/core/store-kit';
import type { Client, Notification } from 'pg';
import { isAnswer } from './failure.js';
import type { Row, Statement } from './statement.js';
import { Waiting } from './waiting.js';

/** A server that says nothing for so long is frozen, or cut off: with the time between two calls less than two seconds. */
const SILENCE_MS = 1_200;

export class Session {
  readonly #client: Client;
  readonly #waiting = new Waiting();
  readonly #onEnd: (error: Error) => void;
  /** `pg` takes one statement at a time. */
  #previous: Promise<unknown> = Promise.resolve();
  #isOpen = false;
  #ended: Error | undefined;

  private constructor(client: Client, onEnd: (error: Error) => void) {
    this.#client = client;
    this.#onEnd = onEnd;
    client.on('error', (error) => this.end(error));
    client.on('end', () => this.end(new Error('the server has closed the connection')));
  }

  /** Connects. `onHint` is given what others have notified `channel` of; `onEnd` is not called if it does not come about. */
  static async open(
    client: Client,
    channel: string,
    timeoutMs: number,
    onHint: (payload: string) => void,
    onEnd: (error: Error) => void,
  ): Promise<Session> {
    const session = new Session(client, onEnd);
    client.on('notification', ({ payload }: Notification) => session.#ended ?? onHint(payload ?? ''));
    try {
      await session.#within(timeoutMs, async () => {
        await client.connect();
        // What is asked all the time is prepared, maybe while the tables are empty: see the functions of the log.
        await client.query('set enable_seqscan = off; set enable_bitmapscan = off');
        await client.query(`listen "${channel}"`);
      });
    } catch (error) {
      session.end(asError(error));
      throw error;
    }
    if (session.#ended) throw session.#ended;
    session.#isOpen = true;
    return session;
  }

  async run(statement: Statement, values: readonly unknown[]): Promise<readonly Row[]> {
    if (this.#ended) throw this.#ended;
    const answer = this.#previous.then(() =>
      this.#within(SILENCE_MS, async () => {
        const { rows } = await this.#client.query<unknown[]>(statement.with(values, 2 * SILENCE_MS));
        return rows as Row[];
      }),
    );
    this.#previous = answer.catch(() => {});
    try {
      return await answer;
    } catch (error) {
      if (!isAnswer(error)) this.end(asError(error));
      throw error;
    }
  }

  /** Ends the session at once; what is under way is rejected with `error`. */
  end(error: Error): void {
    if (this.#ended) return;
    this.#ended = error;
    this.#waiting.end(error);
    this.#client.end().catch(() => {});
    if (this.#isOpen) this.#onEnd(error);
  }

  #within<Result>(timeoutMs: number, run: () => Promise<Result>): Promise<Result> {
    if (this.#ended) return Promise.reject(this.#ended);
    return this.#waiting.within(timeoutMs, run, () => {
      const error = new Error(`the server has not answered for ${timeoutMs} ms`);
      this.end(error);
      return error;
    });
  }
}
