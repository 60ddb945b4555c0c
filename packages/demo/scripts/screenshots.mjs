// Renews docs/images/demo-*.png from the built demo, in about two minutes, as many as the plots show.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { chromium } from 'playwright-core';
import { findChromium } from '../../../scripts/chromium.mjs';

const HISTORY_MS = 120_000;
const MAIN = fileURLToPath(new URL('../dist/main.js', import.meta.url));
const IMAGES = fileURLToPath(new URL('../../../docs/images/', import.meta.url));
const SCREENS = {
  desktop: { viewport: { width: 1280, height: 776 }, deviceScaleFactor: 1 },
  phone: { viewport: { width: 390, height: 780 }, deviceScaleFactor: 2 },
};

const data = mkdtempSync(join(tmpdir(), 'headwater-screenshots-'));
const demo = spawn(process.execPath, [MAIN, '--data', data, '--port', '0', '--fastify-port', '0'], {
  stdio: ['ignore', 'pipe', 'inherit'],
});
const [first] = await once(createInterface({ input: demo.stdout }), 'line');
const url = first.split(' ').at(-1);
const browser = await chromium.launch({ executablePath: findChromium(), args: ['--no-sandbox', '--hide-scrollbars'] });

try {
  const pages = await Promise.all(Object.entries(SCREENS).map(open));
  const [{ page }] = pages;
  await page.getByRole('switch', { name: 'Fifty more clients' }).click();
  await sleep(HISTORY_MS / 2);
  // Each page cuts its own line. The desktop's server is killed as well, which both of them see.
  for (const { page } of pages) await page.getByRole('button', { name: 'Cut' }).click();
  for (const { page } of pages) await told(page, 1);
  await sleep(HISTORY_MS / 4);
  await page.getByRole('button', { name: 'kill -9' }).click();
  for (const { page } of pages) await told(page, 2);
  await sleep(HISTORY_MS / 8);
  for (const { page, name } of pages) {
    await page.mouse.move(0, 0);
    await page.evaluate('document.activeElement.blur(); scrollTo(0, 0)');
    for (const colorScheme of ['light', 'dark']) {
      await page.emulateMedia({ colorScheme });
      // The plots are drawn anew in the other colours.
      await sleep(1_000);
      await page.screenshot({ path: `${IMAGES}demo-${name}-${colorScheme}.png` });
      console.log(`demo-${name}-${colorScheme}.png`);
    }
  }
} finally {
  await browser.close();
  demo.kill('SIGTERM');
  await once(demo, 'exit');
  rmSync(data, { recursive: true, force: true });
}

async function open([name, screen]) {
  const page = await browser.newPage(screen);
  await page.goto(url);
  return { name, page };
}

/** Waits until the page has told of so many interruptions that are over. */
function told(page, times) {
  return page.waitForFunction(`document.getElementById('journal').textContent.split('Back after').length > ${times}`);
}

function sleep(ms) {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
