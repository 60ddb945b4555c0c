/** A page that counts along, whatever happens to it and to its browser. */
import { readFile } from 'node:fs/promises';
import { memoryStore } from '@headwater/core';
import type { Page } from 'playwright-core';
import { expect } from 'vitest';
import { type Framework, Origin } from '../../kit/origin.js';
import { pageScript } from './page-script.js';

interface Counted {
  /** Where the page began. */
  readonly begun: number;
  readonly last: number;
  readonly wrong: readonly string[];
  readonly kept: number;
  /** Code and message of each. */
  readonly errors: readonly string[];
}

/** What a page that counts begins with. */
export const countingScript = async (): Promise<string> =>
  `${await pageScript()}; ${await readFile(`${import.meta.dirname}/../page/counting.js`, 'utf8')}; countAlong();`;

export const readCount = (page: Page): Promise<Counted> => page.evaluate('counted');

/** Waits for an expression over `counted`. */
export const untilCounted = (page: Page, expression: string) =>
  page.waitForFunction(`globalThis.counted && ${expression}`, undefined, { polling: 10 });

/** Waits until the page has counted so far, and sees that it has left nothing out. */
export async function hasCountedTo(page: Page, last: number): Promise<void> {
  await untilCounted(page, `counted.last >= ${last}`);
  expect(await readCount(page)).toMatchObject({ last, wrong: [] });
}

/**
 * Publishes `total` numbers in as many portions as there are interruptions, and one more. Each interruption comes after
 * the first half of a portion and while the second is published, and answers the page that goes on.
 */
export async function countTo(
  total: number,
  framework: Framework,
  open: (url: string) => Promise<Page>,
  interruptions: readonly ((page: Page) => Promise<Page>)[],
): Promise<void> {
  const store = memoryStore({ retention: { count: total } });
  const origin = await Origin.start(framework, { hub: { store } });
  const portion = Math.ceil(total / (interruptions.length + 1));
  let page = await open(origin.url);
  for (const interrupt of interruptions) {
    const before = origin.last;
    await origin.publish(portion >> 1);
    await untilCounted(page, `counted.kept > ${before}`);
    const { kept } = await readCount(page);
    [page] = await Promise.all([interrupt(page), origin.publish(portion >> 1)]);
    await untilCounted(page, 'true');
    const { begun } = await readCount(page);
    expect(begun).toBeGreaterThanOrEqual(kept);
  }
  await origin.publish(total - origin.last);
  await hasCountedTo(page, total);
  const [first, ...others] = origin.requests.map(({ lastEventId }) => lastEventId);
  expect(first).toBe('');
  expect(others.every(Boolean)).toBe(true);
  expect(others.length).toBeGreaterThanOrEqual(interruptions.length);
}
