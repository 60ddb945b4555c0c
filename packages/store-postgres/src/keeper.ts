/**
 * Keeper: what a store does without being asked: it has the outbox moved, and sweeps. It begins with the first epoch, and goes on
 * until the store is closed, however often the connection is lost.
 * Invariant: it goes on in whatever process is there: neither task belongs to one that could die, or freeze, with it. Of all the
 * processes at one log one sweeps at a time.
 */
import { Pulse } from './pulse.js';
import type { Sequencer } from './sequencer.js';
import type { Server } from './server.js';
import type { Session } from './session.js';
import type { Statement } from './statement.js';
import type { Sweeper } from './sweeper.js';
import type { Watch, Watcher } from './watch.js';

const SWEEP_EVERY_MS = 1_000;

/** Less than that, so that it may be the same process again. */
const SWEPT_MS = 900;

const RETRY_MS = 500;

/** $1 log, $2 whether to sweep, unless somebody has in the last $3 milliseconds. */
const LOOK = `
select exists (select from {schema}.outbox where log = $1), $2 and {schema}.may_sweep($1, $3)`;

export class Keeper implements Watcher {
  readonly #watch: Watch;
  readonly #server: Server;
  readonly #sequencer: Sequencer;
  readonly #sweeper: Sweeper;
  readonly #look: Statement;
  /** An outbox that is never empty is not hinted at, see its function: so it is looked for what has just missed the sequencer. */
  readonly #pulse = new Pulse(10);
  #session: Session | undefined;
  #sweptAt = 0;
  #isStarted = false;
  #isClosed = false;

  constructor(watch: Watch, server: Server, sequencer: Sequencer, sweeper: Sweeper) {
    this.#watch = watch;
    this.#server = server.over((statement, values) => (this.#session as Session).run(statement, values));
    this.#sequencer = sequencer;
    this.#sweeper = sweeper;
    this.#look = server.prepare(LOOK);
  }

  /** From now on, until it is closed. */
  start(): void {
    if (this.#isStarted || this.#isClosed) return;
    this.#isStarted = true;
    void this.#run();
  }

  hint(kind: string): void {
    if (kind === 'o') void this.#sequence();
  }

  lost(): void {
    this.#session = undefined;
    this.#pulse.hint();
  }

  close(): void {
    this.#isClosed = true;
    this.#sequencer.close();
    this.#sweeper.close();
    this.#watch.leave(this);
    this.#pulse.hint();
  }

  async #run(): Promise<void> {
    while (!this.#isClosed) {
      try {
        this.#session ??= await this.#watch.join(this);
        await this.#turn();
        await this.#pulse.next();
      } catch {
        // Whoever calls the store is told; here it is only tried again.
        this.#session = undefined;
        await new Promise((resolve) => setTimeout(resolve, RETRY_MS).unref());
      }
    }
  }

  async #turn(): Promise<void> {
    const isDue = performance.now() - this.#sweptAt >= SWEEP_EVERY_MS;
    const [row] = await this.#server.run(this.#look, isDue, SWEPT_MS);
    if (row?.[0] === true) void this.#sequence();
    if (isDue) this.#sweptAt = performance.now();
    if (row?.[1] === true) await this.#sweeper.turn();
  }

  async #sequence(): Promise<void> {
    if (!(await this.#sequencer.run())) return;
    this.#pulse.quicken();
    this.#pulse.hint();
  }
}
