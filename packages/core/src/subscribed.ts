/** The promises of `subscribe`: all who wait learn the same. */
import type { Resume } from './observer.js';

/** What `subscribe` resolves to. */
export interface Subscribed {
  /** How the connection came to its place; `closed` if it ended before that. */
  readonly resume: Resume | 'closed';
  /** Every channel of the connection. */
  readonly channels: readonly string[];
}

export class Waiting {
  #list: { resolve: (result: Subscribed) => void; reject: (error: unknown) => void }[] = [];

  add(): Promise<Subscribed> {
    return new Promise((resolve, reject) => this.#list.push({ resolve, reject }));
  }

  settle(resume: Subscribed['resume'], channels: readonly string[]): void {
    for (const { resolve } of this.#list.splice(0)) resolve({ resume, channels });
  }

  fail(error: unknown): void {
    for (const { reject } of this.#list.splice(0)) reject(error);
  }
}
