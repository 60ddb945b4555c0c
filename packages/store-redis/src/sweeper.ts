/**
 * Sweeper: retention by age, and forgetting, about once a second. Of all the processes at one log one sweeps at a time.
 * Invariant: a step is bounded, and so is what one turn does: a log of very many channels is swept in several turns.
 */
import { type Clock, systemClock } from '@headwater/core';
import { Recurring } from '@headwater/core/store-kit';
import { SWEEP } from './lua/sweep.js';
import { Script } from './script.js';
import { type Server, toNumber } from './server.js';

const script = new Script(SWEEP);

const EVERY_MS = 1_000;

/** Nobody else sweeps for so long: less than a second, so that it may be the same process again. */
const LOCK_MS = 900;

/** Each looks at some 250 channels. */
const STEPS = 40;

export class Sweeper {
  readonly #server: Server;
  readonly #recurring: Recurring;
  readonly #forgetAfterMs: string;
  readonly #snapshotTtlMs: string;

  constructor(server: Server, clock: Clock | undefined, forgetAfterMs: number, snapshotTtlMs: number) {
    this.#server = server;
    this.#recurring = new Recurring(
      clock ?? systemClock,
      () => EVERY_MS,
      () => this.#turn(),
    );
    this.#forgetAfterMs = toNumber(forgetAfterMs);
    this.#snapshotTtlMs = toNumber(snapshotTtlMs);
  }

  /** From now on, until it is closed. */
  start(): void {
    this.#recurring.start();
  }

  /** Sweeps everything, whoever else does. */
  async sweep(): Promise<void> {
    for (let cursor = await this.#step('0', 0); cursor !== '0'; ) cursor = await this.#step(cursor, 0);
  }

  close(): void {
    this.#recurring.close();
  }

  async #turn(): Promise<void> {
    let cursor = await this.#step('0', LOCK_MS);
    for (let step = 1; step < STEPS && cursor !== '0' && !this.#recurring.isClosed; step++)
      cursor = await this.#step(cursor, 0);
  }

  /** Where to go on; `0` at the end, and where another process sweeps. */
  async #step(cursor: string, lockMs: number): Promise<string> {
    const { log, sweep } = this.#server.keys;
    const args = [this.#forgetAfterMs, this.#snapshotTtlMs, String(lockMs), cursor];
    return String((await this.#server.run(script, [log, sweep], args)) ?? '0');
  }
}
