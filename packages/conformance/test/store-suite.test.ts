import { memoryStore, type Store } from '@headwater/core';
import { describe, expect, test } from 'vitest';
import { storeGroups, storeSuite } from '../src/index.js';
import { EVERYTHING, LogService } from './log-service.js';

const MEMORY = {
  durable: false,
  shared: false,
  prev: true,
  retentionPerChannel: true,
  snapshots: true,
  items: true,
  cursors: true,
};
const NOTHING = {
  durable: false,
  shared: false,
  prev: false,
  retentionPerChannel: false,
  snapshots: false,
  items: false,
  cursors: false,
};

/** The tests that need a rollback hook. */
function namesOfRollbacks(): Set<string> {
  const names = new Set<string>();
  storeSuite({
    test: () => {},
    skip: (name) => names.add(name.replace(/ \(skipped: .*\)$/, '')),
    supports: EVERYTHING,
    factory: () => memoryStore(),
  });
  return names;
}

describe('memoryStore', () => {
  storeSuite({
    test,
    // They are run below, against a service that has what this store lacks.
    skip: () => {},
    supports: MEMORY,
    factory: ({ clock, retention }) => memoryStore({ clock, retention }),
    patienceMs: 0,
  });
});

describe('memoryStore by the clock of the system', () => {
  storeSuite({
    test,
    skip: () => {},
    supports: MEMORY,
    factory: ({ retention }) => memoryStore({ retention }),
    usesClock: false,
    patienceMs: 0,
  });
});

describe('a store that supports everything', () => {
  const service = new LogService();
  storeSuite({
    test,
    skip: (name) => test(name, () => expect.fail('nothing is to be skipped')),
    supports: EVERYTHING,
    factory: (setup) => service.open(setup),
    sweep: (store) => service.sweep(store),
    rollback: (store, toSeq) => service.rollback(store, toSeq),
    cleanup: ({ name }) => service.drop(name),
    patienceMs: 0,
  });
});

describe('a store whose server is away for a moment after a rollback', () => {
  const service = new LogService();
  const marks = new Map<Store, number>();
  const ofRollbacks = namesOfRollbacks();
  storeSuite({
    test: (name, fn) => ofRollbacks.has(name) && test(name, fn),
    supports: EVERYTHING,
    factory: (setup) => service.open(setup),
    checkpoint: async (store) => void marks.set(store, (await store.state()).head),
    rollback: (store, toSeq) => {
      expect(toSeq).toBe(marks.get(store));
      service.restart(store, toSeq);
    },
    cleanup: ({ name }) => service.drop(name),
  });
});

describe('storeSuite', () => {
  const namesWith = (options: Partial<Parameters<typeof storeSuite>[0]>): string[] => {
    const names: string[] = [];
    storeSuite({ test: (name) => names.push(name), supports: EVERYTHING, factory: () => memoryStore(), ...options });
    return names;
  };

  test('registers tests for every group, each under a name of its own that begins with the group’s', () => {
    const names = namesWith({});
    expect(new Set(names).size).toBe(names.length);
    expect([...new Set(names.map((name) => name.slice(0, name.indexOf(': '))))]).toEqual(storeGroups);
  });

  test('registers what it skips as well, and says why', () => {
    const all = namesWith({ rollback: () => {} });
    const some = namesWith({ supports: NOTHING, usesClock: false });
    const skipped = some.filter((name) => name.includes('(skipped: '));
    expect(all.some((name) => name.includes('skipped'))).toBe(false);
    expect(some.map((name) => name.replace(/ \(skipped: .*\)$/, ''))).toEqual(all);
    expect(new Set(skipped.map((name) => /\(skipped: (.*)\)$/.exec(name)?.[1]))).toEqual(
      new Set([
        'supports.durable is false',
        'supports.shared is false',
        'supports.prev is false',
        'supports.retentionPerChannel is false',
        'supports.snapshots is false',
        'supports.items is false',
        'supports.cursors is false',
        'usesClock is false',
        'there is no rollback hook',
      ]),
    );
  });

  test('gives what it skips to skip where there is one', () => {
    const skipped: string[] = [];
    const names = namesWith({ supports: NOTHING, skip: (name) => skipped.push(name) });
    expect(names.some((name) => name.includes('skipped'))).toBe(false);
    expect(skipped.length).toBeGreaterThan(20);
    expect(skipped.every((name) => name.includes('(skipped: '))).toBe(true);
  });

  test('fails where the rollback hook does nothing', async () => {
    const service = new LogService();
    const ofRollbacks = namesOfRollbacks();
    const tests = new Map<string, () => Promise<void>>();
    storeSuite({
      test: (name, fn) => ofRollbacks.has(name) && tests.set(name, fn),
      supports: EVERYTHING,
      factory: (setup) => service.open(setup),
      rollback: () => {},
      patienceMs: 0,
    });
    expect(tests.size).toBeGreaterThan(9);
    for (const run of tests.values()) await expect(run()).rejects.toThrow(/until the store answers, with its head at/);
  });

  test('refuses options without a test, a factory or what the store supports', () => {
    for (const name of ['test', 'factory', 'supports']) {
      expect(() => namesWith({ [name]: undefined })).toThrow(new RegExp(`^${name} must be`));
    }
  });
});
