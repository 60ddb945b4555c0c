/** The page in Chromium, under its own content security policy: nothing here may need `eval`, so conditions are locators. */
import { createHub, memoryStore } from '@headwater/core';
import axe from 'axe-core';
import type { Page } from 'playwright-core';
import { describe, expect, it } from 'vitest';
import { useChromium } from '../../suite/test/chromium/chromium.js';
import { expressSite, fastifySite, follow, type Site } from './site.js';

const openPage = useChromium();

/** The page, and everything that its console, its policy or the network complains of. */
async function open({ page: url }: Pick<Site, 'page'>): Promise<{ page: Page; complaints: string[] }> {
  const page = await openPage('about:blank');
  const complaints: string[] = [];
  page.on('console', (message) => void complaints.push(message.text()));
  page.on('pageerror', (error) => void complaints.push(String(error)));
  page.on('dialog', (dialog) => void complaints.push(dialog.message()));
  page.on('response', (response) => {
    if (response.status() >= 400) complaints.push(`${response.status()} ${response.url()}`);
  });
  await page.goto(url);
  return { page, complaints };
}

/** Waits until the element with this id shows exactly that. */
const shows = (page: Page, id: string, text: string | RegExp) =>
  page
    .locator(`#${id}`)
    .filter({ hasText: typeof text === 'string' ? new RegExp(`^${text}$`) : text })
    .waitFor();

const HOSTILE = '<img src=x onerror="alert(1)"><script>alert(2)</script>\n</pre><b>bold</b>';

/** A hub with a little of everything: what retention dropped, a reset, hostile texts. */
async function busySite(serve: typeof expressSite): Promise<Site & { first: string }> {
  const site = await serve({ hub: createHub({ store: memoryStore({ retention: { count: 20 } }), ringEvents: 5 }) });
  await Promise.all([follow(site, 1), follow(site, 2), follow(site, 3, 'old.1')]);
  const { id: first } = await site.hub.publish('news', { event: 'story', data: 'the first' });
  for (let n = 1; n < 30; n++) await site.hub.publish('news', { event: 'story', data: `story ${n}` });
  await site.hub.publish('news', { event: '<i>evil</i>', data: HOSTILE });
  return { ...site, first };
}

describe('the inspector', () => {
  it('shows what the hub does, watches a channel and tries a resume, and takes no text for markup', async () => {
    const site = await busySite(fastifySite);
    const { page, complaints } = await open(site);
    await shows(page, 'feed', 'live');
    await shows(page, 'connections', '3');
    await shows(page, 'ready', 'ready');
    await shows(page, 'store', 'reachable');
    await page.locator('#connection-rows tr').nth(2).waitFor();
    expect(await page.locator('#connection-rows tr').first().textContent()).toMatch('127.0.0.1/users/:id/news');
    await page.locator('#resets li', { hasText: 'epoch' }).waitFor();

    await page.getByRole('button', { name: 'news', exact: true }).click();
    await page.locator('#events pre').first().waitFor();
    expect(await page.locator('#events pre').first().textContent()).toBe(HOSTILE);
    expect(await page.locator('#events b').first().textContent()).toBe('<i>evil</i>');
    expect(await page.locator('#events img, #events script, #events i').count()).toBe(0);
    // It goes on by itself, and what is there stays the same element.
    const kept = await page.locator('#events li').first().elementHandle();
    const { id } = await site.hub.publish('news', 'the next one');
    await page.locator('#events li', { hasText: 'the next one' }).waitFor();
    expect(await kept?.evaluate((item) => (item as unknown as { isConnected: boolean }).isConnected)).toBe(true);

    await page.getByRole('button', { name: id }).last().click();
    await shows(page, 'verdict-text', /^Resumes exactly: 0 events follow/);
    await page.fill('#resume-id', site.first);
    await page.getByRole('button', { name: 'Try', exact: true }).click();
    await shows(page, 'verdict-text', /^Reset \(trimmed\).*else 20 events that are retained\.$/);
    await page.fill('#resume-id', '<script>');
    await page.keyboard.press('Enter');
    await shows(page, 'verdict-text', /^Reset \(malformed\)/);

    await page.fill('#find', 'user-2');
    await shows(page, 'page-text', '1 to 1 of 1');
    await page.fill('#find', '');
    await shows(page, 'page-text', '1 to 3 of 3');
    await page.getByRole('checkbox', { name: 'only those behind' }).check();
    await page.locator('#connection-rows', { hasText: 'No connection.' }).waitFor();
    // The page itself is none.
    expect(site.hub.connections.size).toBe(3);
    expect(complaints).toEqual([]);
  });

  it('says so when the hub drains, and when the server is gone', async () => {
    const site = await expressSite();
    const { page } = await open(site);
    await shows(page, 'ready', 'ready');
    await site.hub.drain({ windowMs: 0 });
    await shows(page, 'ready', 'draining');
    await site.close();
    await shows(page, 'feed', 'reconnecting');
  });

  it('is sound to an accessibility checker, light and dark, and fits desktop and phone', async () => {
    const site = await busySite(expressSite);
    const { page } = await open(site);
    await page.locator('#connection-rows tr').nth(2).waitFor();
    await page.getByRole('button', { name: 'news', exact: true }).click();
    await page.locator('#events pre').first().waitFor();
    await page.fill('#resume-id', site.first);
    await page.getByRole('button', { name: 'Try', exact: true }).click();
    await shows(page, 'verdict-text', /^Reset/);
    await page.evaluate(axe.source);
    for (const colorScheme of ['light', 'dark'] as const) {
      for (const width of [1280, 390]) {
        await page.emulateMedia({ colorScheme });
        await page.setViewportSize({ width, height: 800 });
        const found: string[] = await page.evaluate(`axe.run().then(({ violations }) =>
          violations.flatMap(({ id, impact, nodes }) => nodes.map(({ target }) => impact + ' ' + id + ' ' + target)))`);
        expect({ colorScheme, width, found }).toEqual({ colorScheme, width, found: [] });
        expect(await page.evaluate('document.documentElement.scrollWidth')).toBe(width);
      }
    }
  });

  it('can be worked with the keyboard alone, and redraws under nobody', async () => {
    const site = await busySite(expressSite);
    const { page } = await open(site);
    const channel = page.getByRole('button', { name: 'user:1', exact: true });
    await channel.focus();
    for (let n = 0; n < 3; n++) await site.hub.publish('user:1', `${n}`);
    await page.locator('#channel-rows tr', { hasText: 'user:1' }).filter({ hasText: /ago/ }).waitFor();
    expect(await page.evaluate('document.activeElement.textContent')).toBe('user:1');
    expect(await page.evaluate('getComputedStyle(document.activeElement).outlineStyle')).toBe('solid');
    await page.keyboard.press('Enter');
    await shows(page, 'watch-text', '3 events, the newest first');
  });
});
