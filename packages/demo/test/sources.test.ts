import { appendFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createHub, memoryStore, type Store } from '@headwater/core';
import { describe, expect, it, onTestFinished } from 'vitest';
import type { DemoEvents } from '../src/channels.js';
import { dataOf, newestEntry } from '../src/history.js';
import { lastNumber, startSources } from '../src/sources.js';
import { temporaryFolder } from './temporary.js';

async function publishing(store: Store, log: string, errors: unknown[] = []) {
  const hub = createHub<DemoEvents>({ store });
  const stop = await startSources(hub, store, { log, intervalMs: 5, onError: (error) => errors.push(error) });
  const end = async () => {
    await stop();
    await hub.close();
  };
  onTestFinished(end);
  return end;
}

async function allOf(store: Store, channel: string): Promise<string[]> {
  const { entries } = await store.read(0, [channel], 10_000);
  return entries.map(dataOf);
}

describe('startSources', () => {
  it('numbers the samples without a gap, also where another one begins after it', async () => {
    const store = memoryStore();
    for (let round = 1; round <= 3; round++) {
      const end = await publishing(store, join(temporaryFolder(), 'none.log'));
      await expect.poll(() => lastNumber(store), { interval: 5 }).toBeGreaterThanOrEqual(round * 4);
      await end();
    }
    const numbers = (await allOf(store, 'telemetry')).map((data) => JSON.parse(data).number);
    expect(numbers).toEqual(Array.from({ length: numbers.length }, (_, index) => index + 1));
  });

  it('gives a number again to the sample after one that was not stored, and never twice', async () => {
    const store = memoryStore();
    let calls = 0;
    // Every third append fails: once before it has stored anything, once after.
    const append: Store['append'] = async (...args) => {
      const call = ++calls;
      if (call % 6 === 3) throw new Error('not stored');
      const appended = await store.append(...args);
      if (call % 6 === 0) throw new Error('stored, but the answer is lost');
      return appended;
    };
    const failing = new Proxy<Store>(store, {
      get(target, name: keyof Store) {
        const value = target[name];
        return name === 'append' ? append : typeof value === 'function' ? value.bind(target) : value;
      },
    });
    const errors: unknown[] = [];
    const end = await publishing(failing, join(temporaryFolder(), 'none.log'), errors);
    await expect.poll(() => lastNumber(store), { interval: 5 }).toBeGreaterThanOrEqual(12);
    await end();
    expect(errors.length).toBeGreaterThanOrEqual(4);
    const numbers = (await allOf(store, 'telemetry')).map((data) => JSON.parse(data).number);
    expect(numbers).toEqual(Array.from({ length: numbers.length }, (_, index) => index + 1));
  });

  it('publishes what is in the log only once, though it is begun anew', async () => {
    const store = memoryStore();
    const log = join(temporaryFolder(), 'a.log');
    await writeFile(log, 'first\n');
    const end = await publishing(store, log);
    await expect.poll(() => newestEntry(store, 'log'), { interval: 5 }).toBeDefined();
    await end();
    await publishing(store, log);
    // Appended only when the second one has looked at the file: until then it is part of what it begins behind.
    await expect
      .poll(
        async () => {
          await appendFile(log, 'more\n');
          return (await allOf(store, 'log')).length;
        },
        { interval: 20 },
      )
      .toBeGreaterThan(1);
    const lines = await allOf(store, 'log');
    expect(lines.filter((line) => line === 'first')).toEqual(['first']);
  });
});
