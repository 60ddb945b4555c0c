/**
 * Sweeper: retention by age, deleting what was trimmed, and forgetting.
 * Invariant: a step is bounded, and so is what one turn does: a log of very many channels is swept in several turns.
 */
import type { Server } from './server.js';
import type { Statement } from './statement.js';

/** Channels that one step looks at, and steps of one turn. */
const CHANNELS = 500;
const STEPS = 40;

/** Keys, snapshots and cursors go by a thousand each. */
const EXPIRIES = 10;

export class Sweeper {
  readonly #server: Server;
  readonly #forgetAfterMs: number;
  readonly #ttls: readonly [keyMs: number, snapshotMs: number, cursorMs: number];
  readonly #step: Statement;
  readonly #expire: Statement;
  #after = '';
  #isClosed = false;

  constructor(
    server: Server,
    forgetAfterMs: number,
    ttls: readonly [keyMs: number, snapshotMs: number, cursorMs: number],
  ) {
    this.#server = server;
    this.#forgetAfterMs = forgetAfterMs;
    this.#ttls = ttls;
    this.#step = server.prepare('select {schema}.sweep($1, $2, $3, $4, $5, $6)');
    this.#expire = server.prepare('select {schema}.expire($1, $2, $3, $4, $5)');
  }

  /** A bounded part of it; the next turn goes on. */
  async turn(): Promise<void> {
    for (let i = 0; i < EXPIRIES && (await this.#expired()) && !this.#isClosed; i++);
    for (let i = 0; i < STEPS && !this.#isClosed; i++) {
      this.#after = await this.#next(this.#after);
      if (this.#after === '') return;
    }
  }

  /** Everything. */
  async sweep(): Promise<void> {
    while (await this.#expired());
    for (let after = await this.#next(''); after !== ''; ) after = await this.#next(after);
  }

  close(): void {
    this.#isClosed = true;
  }

  /** True where there may be more. */
  async #expired(): Promise<boolean> {
    const [row] = await this.#server.run(this.#expire, this.#server.now, ...this.#ttls);
    return row?.[0] === true;
  }

  /** Where to go on, '' at the end. */
  async #next(after: string): Promise<string> {
    const ttl = this.#ttls[1];
    const [row] = await this.#server.run(this.#step, this.#server.now, after, CHANNELS, this.#forgetAfterMs, ttl);
    return (row?.[0] as string | null | undefined) ?? '';
  }
}
