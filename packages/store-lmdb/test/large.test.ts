import { expect, test } from 'vitest';
import { entry, openStore, start, temporaryFolder } from './kit/log.js';

const COUNT = 200_000;
const BATCH = 500;

test('in a long log the newest entries are read without the others, and all of it in pages without keeping them', async () => {
  const store = openStore({ path: temporaryFolder(), retention: { count: false } });
  const at = await start(store);
  const body = Buffer.alloc(100, 'x');
  for (let done = 0; done < COUNT; done += 4 * BATCH) {
    const batch = Array.from({ length: BATCH }, (_, i) => entry(`c${i % 10}`, body));
    await Promise.all([1, 2, 3, 4].map(() => store.append(batch, at)));
  }
  const before = performance.now();
  for (let i = 0; i < 200; i++) {
    for (const channels of [undefined, ['c7', 'c8', 'c9']]) {
      const { entries, upTo } = await store.read(COUNT - 3, channels, 100);
      expect([entries.map(({ seq }) => seq), upTo]).toEqual([[COUNT - 2, COUNT - 1, COUNT], COUNT]);
    }
  }
  // 400 reads: a scan of the log takes longer than all of them.
  const reads = performance.now() - before;
  const begun = performance.now();
  let seen = 0;
  let most = 0;
  for (let after = 0; after < COUNT; ) {
    const page = await store.read(after, after % 2 ? undefined : ['c1', 'c5'], 1_000, 2 ** 20);
    seen += page.entries.length;
    after = page.upTo;
    most = Math.max(most, process.memoryUsage().heapUsed + process.memoryUsage().external);
  }
  const scan = performance.now() - begun;
  expect(reads).toBeLessThan(scan);
  expect(seen).toBeGreaterThan(COUNT / 10);
  expect(most).toBeLessThan(400 * 2 ** 20);
});
