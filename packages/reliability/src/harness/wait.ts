/** Waiting for conditions: looked at again and again, never for a time. */

/** Only a trial that fails takes this long. */
const PATIENCE_MS = 20_000;

/** Resolves once `condition` holds. `what` completes the sentence `Waited ... in vain for ...`. */
export async function until(
  what: string | (() => string),
  condition: () => boolean | Promise<boolean>,
  patienceMs: number = PATIENCE_MS,
): Promise<void> {
  const end = performance.now() + patienceMs;
  while (!(await condition())) {
    if (performance.now() > end) {
      throw new Error(`Waited ${patienceMs} ms in vain for ${typeof what === 'string' ? what : what()}`);
    }
    await pause(5);
  }
}

/** As `promise`, which must not take longer than that. For the many: it looks at nothing while it waits. */
export async function within<T>(what: string, promise: Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`Waited ${PATIENCE_MS} ms in vain for ${what}`)), PATIENCE_MS);
  });
  try {
    return await Promise.race([promise, late]);
  } finally {
    clearTimeout(timer);
  }
}

/** For what has a pace (a publisher, a retry), not for what has a condition. */
export function pause(ms: number): Promise<void> {
  return new Promise((resolve) => {
    setTimeout(resolve, ms);
  });
}
