/** The page of the demo in Chromium. */
import { appendFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Page } from 'playwright-core';
import { describe, expect, it, onTestFinished } from 'vitest';
import { useChromium } from '../../suite/test/chromium/chromium.js';
import { type Demo, type StartOptions, startDemo } from '../src/demo.js';
import { temporaryFolder } from './temporary.js';

const openPage = useChromium();

async function start(options: Partial<StartOptions> = {}): Promise<Demo & { log: string }> {
  const log = options.log ?? join(temporaryFolder(), 'app.log');
  if (!options.log) await writeFile(log, 'first\n');
  const defaults = { ownLog: false, host: '127.0.0.1', port: 0, fastifyPort: 0, intervalMs: 100, drainMs: 0 };
  const onError = (error: unknown) => expect.unreachable(String(error));
  const demo = await startDemo({ ...defaults, onError, ...options, log });
  onTestFinished(() => demo.close());
  return { ...demo, log };
}

/** The page, and what its console says that is no news. */
async function open(url: string): Promise<{ page: Page; complaints: string[] }> {
  const page = await openPage('about:blank');
  const complaints: string[] = [];
  page.on('console', (message) => {
    if (['error', 'warning'].includes(message.type())) complaints.push(message.text());
  });
  page.on('pageerror', (error) => complaints.push(String(error)));
  page.on('response', (response) => {
    if (response.status() >= 400) complaints.push(`${response.status()} ${response.url()}`);
  });
  await page.goto(url);
  return { page, complaints };
}

const text = (page: Page, id: string): Promise<string> => page.evaluate(`document.getElementById('${id}').textContent`);
const lines = (page: Page): Promise<string[]> =>
  page.evaluate(`[...document.querySelectorAll('#lines li')].map((line) => line.textContent)`);
const shows = (page: Page, id: string, value: string | number) =>
  page.waitForFunction(`document.getElementById('${id}').textContent === '${value}'`);
const showsLine = (page: Page, line: string) =>
  page.waitForFunction(`document.querySelector('#lines li:last-child')?.textContent === ${JSON.stringify(line)}`);
const showsSamples = (page: Page, count: number) =>
  page.waitForFunction(`Number(document.getElementById('samples').textContent) >= ${count}`);

describe('the page', () => {
  it('shows the machine and the log, live', async () => {
    const demo = await start();
    const { page, complaints } = await open(demo.expressUrl);
    await showsSamples(page, 3);
    await showsLine(page, 'first');
    await appendFile(demo.log, 'second\n<b>third</b> & größer\n');
    await showsLine(page, '<b>third</b> & größer');

    expect(await lines(page)).toEqual(['first', 'second', '<b>third</b> & größer']);
    expect(await text(page, 'state')).toBe('live');
    expect(await text(page, 'resume')).toBe('fresh');
    expect(await text(page, 'busy')).toMatch(/^\d+ %$/);
    expect(await text(page, 'memory')).toMatch(/^\d+\.\d GiB$/);
    expect(await text(page, 'load-0')).toMatch(/^\d+\.\d\d$/);
    expect(await text(page, 'delay-max')).toMatch(/^\d+\.\d$/);
    expect(await text(page, 'last-event-id')).toMatch(/^\w+\.\w+$/);
    expect(await page.evaluate(`document.querySelectorAll('#cores meter').length`)).toBeGreaterThan(0);
    expect(complaints).toEqual([]);
  });

  it('goes on after a reload where it was: nothing twice, nothing missing', async () => {
    const demo = await start();
    const { page, complaints } = await open(demo.expressUrl);
    await showsLine(page, 'first');
    for (let n = 1; n <= 4; n++) {
      await page.goto('about:blank');
      await appendFile(demo.log, `while away ${n}\n`);
      await page.goto(demo.expressUrl);
      await showsLine(page, `while away ${n}`);
      expect(await text(page, 'resume')).toBe('resumed');
    }
    await page.reload();
    await appendFile(demo.log, 'last\n');
    await showsLine(page, 'last');
    const away = [1, 2, 3, 4].map((n) => `while away ${n}`);
    expect(await lines(page)).toEqual(['first', ...away, 'last']);
    await shows(page, 'line-count', 6);
    expect(await text(page, 'resets')).toBe('0');
    expect(complaints).toEqual([]);
  });

  it('goes on through the other server where it was', async () => {
    const demo = await start();
    const { page, complaints } = await open(demo.expressUrl);
    await showsLine(page, 'first');
    await page.getByText('Fastify', { exact: true }).click();
    await shows(page, 'resume', 'resumed');
    await shows(page, 'state', 'live');
    await appendFile(demo.log, 'second\n');
    await showsLine(page, 'second');
    expect(await lines(page)).toEqual(['first', 'second']);
    await page.reload();
    expect(await page.isChecked('input[value=fastify]')).toBe(true);
    await page.getByText('Express', { exact: true }).click();
    await appendFile(demo.log, 'third\n');
    await showsLine(page, 'third');
    expect(await lines(page)).toEqual(['first', 'second', 'third']);
    expect(complaints).toEqual([]);
  });

  it('comes back when the servers do, and says that what it had is gone', async () => {
    const first = await start();
    const { page } = await open(first.expressUrl);
    await showsSamples(page, 1);
    const port = Number(new URL(first.expressUrl).port);
    const fastifyPort = Number(new URL(first.fastifyUrl).port);
    await first.close();
    await shows(page, 'state', 'reconnecting');
    await appendFile(first.log, 'written meanwhile\n');
    await start({ log: first.log, port, fastifyPort });
    await shows(page, 'resume', 'reset');
    await showsLine(page, 'written meanwhile');
    expect((await lines(page)).slice(-2)).toEqual(['first', 'written meanwhile']);
    await shows(page, 'state', 'live');
    await shows(page, 'resets', 1);
    await shows(page, 'reconnects', 1);
  });

  it('fits a phone: nothing is wider than the screen', async () => {
    const demo = await start();
    const { page } = await open(demo.expressUrl);
    await appendFile(demo.log, `${'x'.repeat(500)}\n`);
    await showsLine(page, 'x'.repeat(500));
    await page.setViewportSize({ width: 320, height: 640 });
    expect(await page.evaluate('document.documentElement.scrollWidth')).toBe(320);
  });
});
