/** One Chromium per test file, and a profile of its own for each page. */
import { type Browser, chromium, type LaunchOptions, type Page } from 'playwright-core';
import { afterAll, beforeAll, onTestFinished } from 'vitest';

/** For every Chromium that a test starts. */
export const ARGS = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
  '--no-first-run',
];

/** Where Chromium is. */
export function chromiumPath(): string {
  const { CHROMIUM_PATH } = process.env;
  if (!CHROMIUM_PATH) throw new Error('CHROMIUM_PATH is not set: run the tests with `vitest --project browser`');
  return CHROMIUM_PATH;
}

/** To be called once, at the top of a file, as are the following. The answer is the browser, once the tests run. */
export function useBrowser(options: LaunchOptions = {}): () => Browser {
  let browser: Browser;
  beforeAll(async () => {
    browser = await chromium.launch({ executablePath: chromiumPath(), args: ARGS, ...options });
  });
  afterAll(() => browser?.close());
  return () => browser;
}

/** The answer opens a page at `url`, which is closed when the test is done. */
export function useChromium(options: LaunchOptions = {}): (url: string) => Promise<Page> {
  const browser = useBrowser(options);
  return async (url) => {
    const page = await browser().newPage();
    onTestFinished(() => page.close());
    await page.goto(url);
    return page;
  };
}
