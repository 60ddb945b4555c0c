/**
 * Standing: where this process knows the log to be: on which server, and up to which place it has seen it.
 * Whatever this store appends without being asked for (what the outbox has) is fenced with it.
 */
import type { Position } from '@headwater/core';

export class Standing {
  /** Null before the first epoch. */
  server: string | null = null;
  #at: Position | undefined;

  /** The newest place known, undefined while this process may append nothing by itself. */
  get at(): Position | undefined {
    return this.#at;
  }

  /** An epoch was begun: what was seen before does not matter any more. */
  begin(server: string, at: Position): void {
    this.server = server;
    this.#at = at;
  }

  /** An entry was appended, or has come by the tail. */
  reach(at: Position): void {
    if (this.#at && at.seq > this.#at.seq) this.#at = { epoch: at.epoch, seq: at.seq };
  }

  /** `at` was refused: until an epoch is begun there is no place. Unless that has happened meanwhile. */
  lose(at: Position): void {
    if (this.#at === at) this.#at = undefined;
  }
}
