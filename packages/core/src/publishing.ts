/** Publishing: one publish as the observers see it that follow it. Nothing of this is made where nobody observes. */
import type { Published } from './channel.js';
import { withTrace } from './labels.js';
import type { Observers, PublishFollower } from './observer.js';
import type { NewEntry } from './store.js';

export class Publishing {
  /** What is stored: what was given, with the trace context of the first observer that has one. */
  readonly entry: NewEntry;
  readonly #given: NewEntry;
  readonly #observers: Observers;
  readonly #followers: readonly PublishFollower[];

  constructor(observers: Observers, given: NewEntry) {
    const { channel, body } = given;
    this.#observers = observers;
    this.#given = given;
    this.#followers = observers.ask('publishing', { channel, bytes: body.length });
    const trace = this.#followers.find((follower) => follower.trace)?.trace;
    this.entry = (trace && observers.guard(() => withTrace(given, trace))) ?? given;
  }

  stored({ id, duplicate }: Published): void {
    const { channel, body } = this.#given;
    for (const follower of this.#followers) this.#observers.guard(() => follower.stored({ id, duplicate }));
    this.#observers.emit('published', { channel, id, bytes: body.length, duplicate });
  }

  failed(error: unknown): void {
    for (const follower of this.#followers) this.#observers.guard(() => follower.failed(error));
  }
}
