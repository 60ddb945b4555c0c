/** Waiting for conditions, never for a time. */
import type { Entry, Position, Store, Tail, TailListener } from '@headwater/core';

const PATIENCE_MS = 10_000;

/** Resolves with the first result of `look` that is not undefined, false or a rejection. */
export async function until<Result>(
  what: string,
  look: () => Result | Promise<Result>,
  patienceMs: number = PATIENCE_MS,
): Promise<NonNullable<Result>> {
  const deadline = performance.now() + patienceMs;
  let failure: unknown;
  for (;;) {
    try {
      const result = await look();
      if (result) return result;
    } catch (error) {
      failure = error;
    }
    if (performance.now() > deadline) throw new Error(`waited in vain until ${what}`, { cause: failure });
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}

/** A listener that notes what it is told. */
export class Follower implements TailListener {
  readonly seen: Entry[] = [];
  readonly errors: unknown[] = [];
  tail: Tail | undefined;

  static async of(store: Store, from: Position): Promise<Follower> {
    const follower = new Follower();
    follower.tail = await store.tail(from, follower);
    return follower;
  }

  entries(entries: readonly Entry[]): void {
    this.seen.push(...entries);
  }

  lost(error: unknown): void {
    this.errors.push(error);
  }

  get seqs(): number[] {
    return this.seen.map(({ seq }) => seq);
  }
}
