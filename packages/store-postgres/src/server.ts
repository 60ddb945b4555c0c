/** Server: how everything else of the store speaks to the database: statements of one schema, for one log, at one time. */
import type { Clock } from '@headwater/core';
import { type Row, type Run, Statement } from './statement.js';

export class Server {
  readonly log: string;
  readonly #schema: string;
  readonly #run: Run;
  readonly #clock: Clock | undefined;

  constructor(run: Run, schema: string, log: string, clock: Clock | undefined) {
    this.#run = run;
    this.#schema = schema;
    this.log = log;
    this.#clock = clock;
  }

  /** The same log over another connection. */
  over(run: Run): Server {
    return new Server(run, this.#schema, this.log, this.#clock);
  }

  /** The time for a statement: null where it is to take the server's. */
  get now(): number | null {
    return this.#clock?.now() ?? null;
  }

  prepare(text: string): Statement {
    return new Statement(this.#schema, text);
  }

  /** A statement that is planned anew each time. */
  plan(text: string): Statement {
    return new Statement(this.#schema, text, true);
  }

  /** Runs a statement whose first argument is the log's name. */
  run(statement: Statement, ...values: readonly unknown[]): Promise<readonly Row[]> {
    return this.#run(statement, [this.log, ...values]);
  }
}
