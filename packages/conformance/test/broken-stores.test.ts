import type { Clock, Store } from '@headwater/core';
import { describe, expect, test } from 'vitest';
import { type StoreGroup, storeGroups, storeSuite } from '../src/index.js';
import type { BrokenStore } from './broken/broken-store.js';
import { brokenStores } from './broken/index.js';
import { EVERYTHING, LogService } from './log-service.js';

/** Runs the whole suite against the store; returns the tests that failed. */
async function failuresOf({ wrap, log, neverSweeps }: Omit<BrokenStore, 'defect' | 'fails'>): Promise<string[]> {
  const service = new LogService(log);
  const inner = new Map<Store, Store>();
  const tests = new Map<string, () => Promise<void>>();
  storeSuite({
    test: (name, fn) => tests.set(name, fn),
    supports: EVERYTHING,
    factory: (setup) => {
      const handle = service.open(neverSweeps ? { ...setup, clock: withoutTimers(setup.clock) } : setup);
      const store = { ...handle, ...wrap?.(handle, setup, service) };
      inner.set(store, handle);
      return store;
    },
    sweep: (store) => neverSweeps ?? service.sweep(inner.get(store) as Store),
    rollback: (store, toSeq) => service.rollback(inner.get(store) as Store, toSeq),
    cleanup: ({ name }) => service.drop(name),
    patienceMs: 0,
  });
  const failed: string[] = [];
  for (const [name, run] of tests) await run().catch(() => failed.push(name));
  return failed;
}

function withoutTimers(clock: Clock): Clock {
  return {
    now: () => clock.now(),
    elapsed: () => clock.elapsed(),
    setTimer: () => undefined,
    clearTimer: () => {},
    setTurn: (fn) => clock.setTurn(fn),
  };
}

const groupOf = (name: string) => name.slice(0, name.indexOf(':')) as StoreGroup;

test('the suite passes the service that the broken stores are made of', async () => {
  expect(await failuresOf({})).toEqual([]);
});

test('the suite has a broken store for every group', () => {
  expect(Object.keys(brokenStores)).toEqual(storeGroups);
  for (const [group, stores] of Object.entries(brokenStores)) {
    for (const { fails } of stores) expect(fails[0]).toBe(group);
    expect(stores.length).toBeGreaterThan(0);
  }
});

describe('the suite finds a store that', () => {
  test.each(Object.values(brokenStores).flat())('$defect', async (broken) => {
    const failed = await failuresOf(broken);
    const noticed = storeGroups.filter((group) => failed.some((name) => groupOf(name) === group));
    const expected = storeGroups.filter((group) => broken.fails.includes(group));
    expect(noticed, failed.join('\n')).toEqual(expected);
  });
});
