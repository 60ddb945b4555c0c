import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { expect, test } from 'vitest';
import { entry, openStore, start, temporaryFolder } from './kit/log.js';

setFlagsFromString('--expose-gc');
const collect = runInNewContext('gc') as () => void;

/** Bytes in use by this process, without garbage. */
function inUse(): number {
  collect();
  const { heapUsed, external } = process.memoryUsage();
  return heapUsed + external;
}

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
  let pages = 0;
  let seen = 0;
  let scan = 0;
  let idle = 0;
  let most = 0;
  for (let after = 0; after < COUNT; pages++) {
    const before = performance.now();
    const page = await store.read(after, pages % 2 ? undefined : ['c1', 'c5'], 1_000, 2 ** 20);
    scan += performance.now() - before;
    seen += page.entries.length;
    expect(page.upTo).toBeGreaterThan(after);
    after = page.upTo;
    // The first pages fill what the process keeps for good.
    if (pages === 10) idle = inUse();
    else if (pages > 10 && pages % 10 === 0) most = Math.max(most, inUse());
  }
  expect(pages).toBeGreaterThan(20);
  expect(seen).toBeGreaterThan(COUNT / 10);
  expect(most - idle).toBeLessThan(10 * 2 ** 20);

  const channels = [undefined, ['c7', 'c8', 'c9']];
  let fastest = Number.POSITIVE_INFINITY;
  for (let i = 0; i < 50; i++) {
    const before = performance.now();
    const read = await store.read(COUNT - 3, channels[i % 2], 100);
    fastest = Math.min(fastest, performance.now() - before);
    expect([read.entries.map(({ seq }) => seq), read.upTo]).toEqual([[COUNT - 2, COUNT - 1, COUNT], COUNT]);
  }
  // However busy the machine is: a scan only takes longer then, and one of so many reads finds a quiet moment.
  expect(400 * fastest).toBeLessThan(scan);
});
