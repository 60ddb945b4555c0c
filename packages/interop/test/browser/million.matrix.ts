/** A million events through a page: all of them in order, and nothing left in its memory. */
import { memoryStore } from '@headwater/core';
import type { CDPSession } from 'playwright-core';
import { expect, it } from 'vitest';
import { useChromium } from '../../../suite/test/chromium/chromium.js';
import { FRAMEWORKS, Origin } from '../kit/origin.js';
import { countingScript, hasCountedTo, untilCounted } from './kit/counting.js';

const openPage = useChromium();

const PORTION = 10_000;
const PORTIONS = 100;
const MIB = 2 ** 20;

async function heapUsed(session: CDPSession): Promise<number> {
  await session.send('HeapProfiler.collectGarbage');
  return (await session.send('Runtime.getHeapUsage')).usedSize;
}

it('a million events leave nothing behind', async () => {
  const store = memoryStore({ retention: { count: 2 * PORTION } });
  const origin = await Origin.start(FRAMEWORKS[0]![1], { hub: { store } });
  const page = await openPage('about:blank');
  await page.addInitScript({ content: await countingScript() });
  await page.goto(origin.url);
  const session = await page.context().newCDPSession(page);
  let early = 0;
  for (let portion = 1; portion <= PORTIONS; portion++) {
    await origin.publish(PORTION);
    await untilCounted(page, `counted.last === ${origin.last}`);
    if (portion === PORTIONS / 10) early = await heapUsed(session);
  }
  await hasCountedTo(page, PORTION * PORTIONS);
  expect((await heapUsed(session)) - early).toBeLessThan(4 * MIB);
  expect(origin.requests).toHaveLength(1);
}, 300_000);
