/**
 * Waiting: calls that are under way, each with its time limit, and all of them rejected at once where that is due.
 * Invariant: every call is settled once: by its answer, by its time limit, or by the end.
 */

/** An answer that has arrived while this process was busy must not look like silence: it gets this much longer to be read. */
const GRACE_MS = 150;

export class Waiting {
  readonly #rejects = new Set<(error: Error) => void>();

  /** What `run` gives, unless it takes longer than `timeoutMs`: then `onLate` is called and its error is the result. */
  within<Result>(timeoutMs: number, run: () => Promise<Result>, onLate: () => Error): Promise<Result> {
    return new Promise((resolve, reject) => {
      let timer = setTimeout(() => {
        timer = setTimeout(() => fail(onLate()), GRACE_MS).unref();
      }, timeoutMs).unref();
      const done = () => {
        clearTimeout(timer);
        this.#rejects.delete(fail);
      };
      const fail = (error: Error) => {
        done();
        reject(error);
      };
      this.#rejects.add(fail);
      run().then((result) => {
        done();
        resolve(result);
      }, fail);
    });
  }

  /** Rejects everything that is under way. */
  end(error: Error): void {
    for (const reject of [...this.#rejects]) reject(error);
  }
}
