/**
 * Sweeper: retention by age, and forgetting, about once a second. Of all the processes at one log one sweeps at a time.
 * Invariant: a step is bounded, and so is what one turn does: a log of very many channels is swept in several turns.
 */
import { type Clock, systemClock, type Timer } from '@headwater/core';
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
  readonly #clock: Clock;
  readonly #forgetAfterMs: string;
  readonly #snapshotTtlMs: string;
  #timer: Timer | undefined;
  #isClosed = false;

  constructor(server: Server, clock: Clock | undefined, forgetAfterMs: number, snapshotTtlMs: number) {
    this.#server = server;
    this.#clock = clock ?? systemClock;
    this.#forgetAfterMs = toNumber(forgetAfterMs);
    this.#snapshotTtlMs = toNumber(snapshotTtlMs);
  }

  /** From now on, until it is closed. */
  start(): void {
    if (this.#timer !== undefined || this.#isClosed) return;
    this.#timer = this.#clock.setTimer(() => {
      // The next turn tries again; a store that cannot be reached says so to whoever calls it.
      void this.#turn()
        .catch(() => {})
        .finally(() => {
          this.#timer = undefined;
          this.start();
        });
    }, EVERY_MS);
  }

  /** Sweeps everything, whoever else does. */
  async sweep(): Promise<void> {
    for (let cursor = await this.#step('0', 0); cursor !== '0'; ) cursor = await this.#step(cursor, 0);
  }

  close(): void {
    this.#isClosed = true;
    if (this.#timer !== undefined) this.#clock.clearTimer(this.#timer);
  }

  async #turn(): Promise<void> {
    let cursor = await this.#step('0', LOCK_MS);
    for (let step = 1; step < STEPS && cursor !== '0' && !this.#isClosed; step++) cursor = await this.#step(cursor, 0);
  }

  /** Where to go on; `0` at the end, and where another process sweeps. */
  async #step(cursor: string, lockMs: number): Promise<string> {
    const { log, sweep } = this.#server.keys;
    const args = [this.#forgetAfterMs, this.#snapshotTtlMs, String(lockMs), cursor];
    return String((await this.#server.run(script, [log, sweep], args)) ?? '0');
  }
}
