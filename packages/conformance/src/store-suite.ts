/**
 * storeSuite: registers the tests of the Store contract.
 * Invariant: every test is registered, for every store; one that cannot be run says why in its name.
 */
import { groups, type StoreGroup } from './store/index.js';
import type { StoreSuiteOptions } from './store-options.js';
import { StoreRig } from './store-rig.js';
import { NEEDS, type StoreTest } from './store-test.js';

/** The groups of the store suite. The name of each test begins with its group's, a colon and a space. */
export const storeGroups: readonly StoreGroup[] = Object.keys(groups) as StoreGroup[];

let logs = 0;

/**
 * Registers every test of the {@link Store} contract with `test`. A store passes when all of them do.
 *
 * Each test opens a log of its own, with the retention that it needs, and closes it. The assertions are those of `node:assert`,
 * so any runner will do.
 *
 * @example
 * ```ts
 * import { test } from 'node:test';
 * import { storeSuite } from '@headwater/conformance';
 * import { memoryStore } from '@headwater/core';
 *
 * storeSuite({
 *   test,
 *   skip: test.skip,
 *   supports: { durable: false, shared: false, prev: true, retentionPerChannel: true, snapshots: true, items: true, cursors: true },
 *   factory: ({ clock, retention }) => memoryStore({ clock, retention }),
 * });
 * ```
 * @throws TypeError where `test`, `factory` or `supports` is missing.
 */
export function storeSuite(options: StoreSuiteOptions): void {
  const { test, factory, supports } = options;
  if (typeof test !== 'function') throw new TypeError(`test must be a function, not ${typeof test}`);
  if (typeof factory !== 'function') throw new TypeError(`factory must be a function, not ${typeof factory}`);
  if (typeof supports !== 'object' || supports === null)
    throw new TypeError('supports must be what the store supports');
  const { skip = test } = options;
  for (const group of storeGroups) {
    for (const one of groups[group]) {
      const name = `${group}: ${one.name}`;
      const lacking = lackingFor(one, options);
      if (lacking) skip(`${name} (skipped: ${lacking})`, async () => {});
      else test(name, () => run(one, options));
    }
  }
}

/** Why this store cannot run the test, undefined where it can. */
function lackingFor(test: StoreTest, options: StoreSuiteOptions): string | undefined {
  const has = {
    ...options.supports,
    clock: options.usesClock !== false,
    rollback: options.rollback !== undefined,
  };
  const lacking = test.needs?.find((need) => !has[need]);
  return lacking && NEEDS[lacking];
}

async function run(test: StoreTest, options: StoreSuiteOptions): Promise<void> {
  const rig = new StoreRig(options, nextName(), test.retention);
  try {
    await rig.open();
    await test.run(rig);
  } finally {
    await rig.close();
    await options.cleanup?.(rig.setup);
  }
}

/** A name that no log had before, in this process or in another one. */
function nextName(): string {
  return `suite-${process.pid.toString(36)}-${Date.now().toString(36)}-${(++logs).toString(36)}`;
}
