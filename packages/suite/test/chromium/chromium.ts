/** One Chromium per test file, and a profile of its own for each page. */
import { type Browser, chromium, type Page } from 'playwright-core';
import { afterAll, beforeAll, onTestFinished } from 'vitest';

const ARGS = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
  '--no-first-run',
];

/** To be called once, at the top of a file. The answer opens a page at `url`, which is closed when the test is done. */
export function useChromium(): (url: string) => Promise<Page> {
  let browser: Browser;
  beforeAll(async () => {
    const { CHROMIUM_PATH: executablePath } = process.env;
    if (!executablePath) throw new Error('CHROMIUM_PATH is not set: run the tests with `vitest --project browser`');
    browser = await chromium.launch({ executablePath, args: ARGS });
  });
  afterAll(() => browser?.close());
  return async (url) => {
    const page = await browser.newPage();
    onTestFinished(() => page.close());
    await page.goto(url);
    return page;
  };
}
