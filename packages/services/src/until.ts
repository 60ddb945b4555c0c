/** Waiting for conditions, never for a time. */

/** Only a test that fails takes this long. */
const PATIENCE_MS = 10_000;

/** Resolves with the first result of `look` that is neither falsy nor a rejection. `what` completes `waited in vain until ...`. */
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
