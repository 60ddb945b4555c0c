import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { appendFile, readFile, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { hasCode, type NewEntry, type Store } from '@headwater/core';
import { afterAll, describe, expect, test } from 'vitest';
import { storeSuite } from '../src/index.js';
import { jsonLinesStore } from './example-store.js';

const GUIDE = new URL('../../../docs/guides/write-a-store.md', import.meta.url);
const EXAMPLE = new URL('./example-store.ts', import.meta.url);

const folder = mkdtempSync(join(tmpdir(), 'headwater-example-'));
afterAll(() => rmSync(folder, { recursive: true }));

const entry = (text: string): NewEntry => ({ channel: 'a', body: Buffer.from(text), time: 0 });
const at = (seq: number) => ({ epoch: 'e1', seq });

async function textsOf(store: Store): Promise<string[]> {
  const { entries } = await store.read(0, undefined, 100);
  return entries.map(({ body }) => Buffer.from(body).toString());
}

describe('the example store', () => {
  storeSuite({
    test,
    // What it does not support it says, and the guide too.
    skip: () => {},
    supports: {
      durable: true,
      shared: false,
      prev: true,
      retentionPerChannel: false,
      snapshots: false,
      items: false,
      cursors: false,
    },
    factory: ({ name, retention }) => jsonLinesStore(join(folder, name), retention.count),
    usesClock: false,
  });

  test('goes on after its last whole line where a crash has cut the file', async () => {
    const path = join(folder, 'cut');
    const before = jsonLinesStore(path);
    await before.startEpoch('e1');
    await before.append([entry('1'), entry('2')], at(0));
    await before.close();
    const line = (await readFile(path, 'utf8')).split('\n')[1] as string;
    await appendFile(path, line.slice(0, -5));
    const after = jsonLinesStore(path);
    expect(await textsOf(after)).toEqual(['1', '2']);
    await after.append([entry('3')], at(2));
    await after.close();
    const again = jsonLinesStore(path);
    expect(await textsOf(again)).toEqual(['1', '2', '3']);
    await again.close();
  });

  test('rejects every call where its file cannot be read', async () => {
    const path = join(folder, 'wrong');
    await writeFile(path, 'not a line of this store\n');
    for (const wrong of [path, folder]) {
      const store = jsonLinesStore(wrong);
      const error = await store.startEpoch('e1').catch((reason: unknown) => reason);
      expect(hasCode(error, 'ERR_SSE_STORE')).toBe(true);
      await expect(store.read(0, undefined, 1)).rejects.toBe(error);
      await store.close();
    }
  });

  test('is the one that the guide shows', () => {
    const shown = /^```ts title="example-store\.ts"\n([\s\S]*?)^```$/m.exec(readFileSync(GUIDE, 'utf8'))?.[1];
    expect(shown).toBe(readFileSync(EXAMPLE, 'utf8'));
  });
});
