/** Server: how everything else of the store speaks to the server: scripts under one log's keys and one clock. */
import type { Clock } from '@headwater/core';
import type { Argument } from './client.js';
import type { Keys } from './keys.js';
import type { Script, Send } from './script.js';

export class Server {
  readonly keys: Keys;
  readonly send: Send;
  readonly #clock: Clock | undefined;

  constructor(send: Send, keys: Keys, clock: Clock | undefined) {
    this.send = send;
    this.keys = keys;
    this.#clock = clock;
  }

  /** The same log over another connection. */
  over(send: Send): Server {
    return new Server(send, this.keys, this.#clock);
  }

  /** The first argument of every script is the time: empty, it takes the server's. */
  run(script: Script, keys: readonly string[], args: readonly Argument[]): Promise<unknown> {
    return script.run(this.send, keys, [this.#clock ? String(this.#clock.now()) : '', ...args]);
  }
}

/** A number of a script: off is -1 there, Infinity here. */
export function toNumber(value: number): string {
  return value === Number.POSITIVE_INFINITY ? '-1' : String(value);
}
