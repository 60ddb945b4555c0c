/**
 * GroupCommit: many appends, one commit. What is asked for while a commit is under way makes up the next one, so the batch grows
 * with the load and an idle store answers at once.
 * Invariant: calls are committed in the order in which they were made, one commit at a time; each is answered exactly once.
 */
import type { Appended, NewEntry, Position } from '../store.js';

/** One call of `Store.append`, which stays atomic and keeps its own fence. */
export interface AppendCall {
  readonly entries: readonly NewEntry[];
  readonly at: Position;
}

/** What became of one call: its positions, or why it alone was refused. */
export type Outcome = readonly Appended[] | Error;

/** Bounds of one commit: large enough to amortise it, small enough to keep nobody waiting. One call may be larger by itself. */
const MAX_ENTRIES = 512;
const MAX_BYTES = 2 ** 20;

interface Queued extends AppendCall {
  readonly resolve: (appended: readonly Appended[]) => void;
  readonly reject: (error: unknown) => void;
}

export class GroupCommit {
  readonly #commit: (calls: readonly AppendCall[]) => Promise<readonly Outcome[]>;
  #queue: Queued[] = [];
  #isBusy = false;

  /** `commit` answers every call, in order. Where it rejects, every call of the group is rejected with that. */
  constructor(commit: (calls: readonly AppendCall[]) => Promise<readonly Outcome[]>) {
    this.#commit = commit;
  }

  append(entries: readonly NewEntry[], at: Position): Promise<readonly Appended[]> {
    return new Promise((resolve, reject) => {
      this.#queue.push({ entries, at, resolve, reject });
      if (this.#isBusy) return;
      this.#isBusy = true;
      // Once this turn's other calls are here.
      queueMicrotask(() => void this.#run());
    });
  }

  async #run(): Promise<void> {
    while (this.#queue.length > 0) {
      const group = this.#take();
      try {
        const outcomes = await this.#commit(group);
        for (const [index, call] of group.entries()) {
          const outcome = outcomes[index] as Outcome;
          if (outcome instanceof Error) call.reject(outcome);
          else call.resolve(outcome);
        }
      } catch (error) {
        for (const call of group) call.reject(error);
      }
      // Callers that were answered may call again: else those few that came in between would have a commit to themselves, during
      // which the many wait, and so on in turns for ever.
      await new Promise((resolve) => setImmediate(resolve));
    }
    this.#isBusy = false;
  }

  #take(): Queued[] {
    let entries = 0;
    let bytes = 0;
    const end = this.#queue.findIndex((call, index) => {
      entries += call.entries.length;
      for (const { body } of call.entries) bytes += body.byteLength;
      return index > 0 && (entries > MAX_ENTRIES || bytes > MAX_BYTES);
    });
    return this.#queue.splice(0, end === -1 ? this.#queue.length : end);
  }
}
