/** Waiting for conditions of the server's side, and gates that hold something back until the test says so. */

import { vi } from 'vitest';

/** Generous: only a test that fails takes this long, or one on a machine with much else to do. */
export const DEADLINE_MS = 20_000;

vi.setConfig({ testTimeout: DEADLINE_MS + 5_000, hookTimeout: DEADLINE_MS });

/** Resolves once `condition` holds, looked at in every turn of the event loop. */
export async function until(condition: () => boolean, deadlineMs = DEADLINE_MS): Promise<void> {
  const end = performance.now() + deadlineMs;
  while (!condition()) {
    if (performance.now() > end) throw new Error(`Waited ${deadlineMs} ms in vain for ${String(condition)}`);
    await new Promise<void>((resolve) => setImmediate(resolve));
  }
}

/** Resolves after `count` turns of the event loop: for what must not happen, and would have by then. */
export async function turns(count = 10): Promise<void> {
  for (let turn = 0; turn < count; turn++) await new Promise<void>((resolve) => setImmediate(resolve));
}

export interface Gate {
  readonly opened: Promise<void>;
  open(): void;
}

export function gate(): Gate {
  let open: () => void = () => {};
  const opened = new Promise<void>((resolve) => {
    open = resolve;
  });
  return { opened, open: () => open() };
}
