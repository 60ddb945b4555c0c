/**
 * Calls: what is under way in a session.
 * Invariant: every call is answered, refused by the server, or rejected when the session ends. One that fails otherwise, because
 * nobody has answered it, ends the session: whether it was executed is not known.
 */
import { asError } from '@headwater/core/store-kit';
import { JetStreamApiError } from '@nats-io/jetstream';

export class Calls {
  readonly #onEnd: (error: Error) => void;
  readonly #rejects = new Set<(error: Error) => void>();
  #ended: Error | undefined;

  constructor(onEnd: (error: Error) => void) {
    this.#onEnd = onEnd;
  }

  /** Why it is over. */
  get ended(): Error | undefined {
    return this.#ended;
  }

  end(error: Error): void {
    if (this.#ended) return;
    this.#ended = error;
    for (const reject of this.#rejects) reject(error);
    this.#rejects.clear();
    this.#onEnd(error);
  }

  async run<Result>(run: () => Promise<Result>): Promise<Result> {
    if (this.#ended) throw this.#ended;
    let reject: (error: Error) => void = () => {};
    const ended = new Promise<never>((_, rejectEnded) => {
      reject = rejectEnded;
    });
    this.#rejects.add(reject);
    try {
      return await Promise.race([run(), ended]);
    } catch (error) {
      if (this.#ended) throw this.#ended;
      if (!(error instanceof JetStreamApiError)) this.end(asError(error));
      throw error;
    } finally {
      this.#rejects.delete(reject);
    }
  }
}
