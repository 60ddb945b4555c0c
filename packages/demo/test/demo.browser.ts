/** The page of the demo in Chromium. */
import { appendFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import axe from 'axe-core';
import type { Page } from 'playwright-core';
import { describe, expect, it, onTestFinished } from 'vitest';
import { useChromium } from '../../suite/test/chromium/chromium.js';
import { type Demo, type StartOptions, startDemo } from '../src/demo.js';
import { useBuiltClient } from './built-client.js';
import { useProgram } from './program.js';
import { temporaryFolder } from './temporary.js';

useBuiltClient();
const openPage = useChromium();
const startProgram = useProgram();

/** A server within the test, with a store in memory. */
async function start(options: Partial<StartOptions> = {}): Promise<Demo & { log: string }> {
  const log = options.log ?? join(temporaryFolder(), 'app.log');
  if (!options.log) await writeFile(log, 'first\n');
  const demo = await startDemo({
    ownLog: false,
    data: undefined,
    host: '127.0.0.1',
    port: 0,
    fastifyPort: 0,
    intervalMs: 50,
    drainMs: 0,
    onError: (error) => expect.unreachable(String(error)),
    ...options,
    log,
  });
  onTestFinished(() => demo.close());
  return { ...demo, log };
}

/** The whole program, with its store on the disk. */
async function startWhole(): Promise<string> {
  const folder = temporaryFolder();
  const log = join(folder, 'app.log');
  await writeFile(log, 'first\n');
  const program = startProgram('--log', log, '--data', join(folder, 'data'), '--port', '0', '--fastify-port', '0');
  return (await program.ready).expressUrl;
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

/** What a browser writes by itself when a connection is lost: no page can keep it from that. */
const isLostConnection = (text: string) => /^Failed to load resource: net::ERR_/.test(text);

const text = (page: Page, id: string): Promise<string> => page.evaluate(`document.getElementById('${id}').textContent`);
const lines = (page: Page): Promise<string[]> =>
  page.evaluate(`[...document.querySelectorAll('#lines li')].map((line) => line.textContent)`);
const story = (page: Page): Promise<string[]> =>
  page.evaluate(`[...document.querySelectorAll('#journal p')].map((entry) => entry.textContent)`);
const shows = (page: Page, id: string, value: string | number) =>
  page.waitForFunction(`document.getElementById('${id}').textContent === '${value}'`);
const showsLine = (page: Page, line: string) =>
  page.waitForFunction(`document.querySelector('#lines li:last-child')?.textContent === ${JSON.stringify(line)}`);

/** Waits for so many more samples. */
async function receives(page: Page, count: number): Promise<void> {
  const received = `Number(document.getElementById('received').textContent.replaceAll(',', ''))`;
  const before: number = await page.evaluate(received);
  await page.waitForFunction(`${received} >= ${before + count}`);
}

/** Waits until a sentence has been told `times` times. */
const tells = (page: Page, sentence: RegExp, times = 1) =>
  page.waitForFunction(
    `[...document.querySelectorAll('#journal p')].filter(({ textContent }) => ${sentence}.test(textContent)).length >= ${times}`,
  );

const MENDED = /^Back after [\d.]+ s\. \d+ missed samples came, each once and in order\.$/;

/** The proof, which is only worth something where there was something to be lost. */
async function expectComplete(page: Page): Promise<void> {
  const sentence: string = await page.evaluate(`document.querySelector('.sentence').innerText.replaceAll('\\n', ' ')`);
  expect(sentence).toMatch(/^[\d,]+ received, 0 missing, 0 twice, in order since \d\d:\d\d$/);
  expect(await page.getAttribute('#proof', 'data-verdict')).toBe('complete');
}

describe('the page', () => {
  it('shows the machine and the log, live', async () => {
    const demo = await start();
    const { page, complaints } = await open(demo.expressUrl);
    await receives(page, 3);
    await showsLine(page, 'first');
    await appendFile(demo.log, 'second\n<b>third</b> & größer\n');
    await showsLine(page, '<b>third</b> & größer');

    expect(await lines(page)).toEqual(['first', 'second', '<b>third</b> & größer']);
    expect(await text(page, 'state')).toBe('live');
    expect(await text(page, 'resume')).toBe('fresh');
    expect(await text(page, 'busy')).toMatch(/^\d+ %$/);
    expect(await text(page, 'delay')).toMatch(/^\d+\.\d ms$/);
    expect(await text(page, 'memory')).toMatch(/^\d+\.\d of \d+\.\d GiB$/);
    expect(await text(page, 'load-0')).toMatch(/^\d+\.\d\d$/);
    expect(await text(page, 'last-event-id')).toMatch(/^\w+\.\w+$/);
    await shows(page, 'store', 'memory');
    expect(await page.evaluate(`document.querySelectorAll('.plot canvas').length`)).toBe(2);
    // Without a keeper there is nobody to start the server again.
    expect(await page.isDisabled('#kill')).toBe(true);
    expect(await page.isEnabled('#cut')).toBe(true);
    await expectComplete(page);
    expect(complaints).toEqual([]);
  });

  it('goes on after a reload where it was: nothing twice, nothing missing', async () => {
    const demo = await start();
    const { page, complaints } = await open(demo.expressUrl);
    await showsLine(page, 'first');
    for (let n = 1; n <= 3; n++) {
      await page.goto('about:blank');
      await appendFile(demo.log, `while away ${n}\n`);
      await page.goto(demo.expressUrl);
      await showsLine(page, `while away ${n}`);
      expect(await text(page, 'resume')).toBe('resumed');
    }
    await page.reload();
    await appendFile(demo.log, 'last\n');
    await showsLine(page, 'last');
    const away = [1, 2, 3].map((n) => `while away ${n}`);
    expect(await lines(page)).toEqual(['first', ...away, 'last']);
    await shows(page, 'line-count', 5);
    expect(await text(page, 'resets')).toBe('0');
    await expectComplete(page);
    expect(complaints).toEqual([]);
  });

  it('goes on through the other server where it was', async () => {
    const demo = await start();
    const { page, complaints } = await open(demo.expressUrl);
    await showsLine(page, 'first');
    await page.getByRole('radio', { name: 'Fastify' }).check();
    await shows(page, 'resume', 'resumed');
    await shows(page, 'state', 'live');
    await appendFile(demo.log, 'second\n');
    await showsLine(page, 'second');
    expect(await lines(page)).toEqual(['first', 'second']);
    await page.reload();
    expect(await page.isChecked('input[value=fastify]')).toBe(true);
    await page.getByRole('radio', { name: 'Express' }).check();
    await appendFile(demo.log, 'third\n');
    await showsLine(page, 'third');
    expect(await lines(page)).toEqual(['first', 'second', 'third']);
    await expectComplete(page);
    expect(complaints).toEqual([]);
  });

  it('says that history is gone where it is, and counts anew', async () => {
    const first = await start();
    const { page } = await open(first.expressUrl);
    await receives(page, 1);
    const port = Number(new URL(first.expressUrl).port);
    const fastifyPort = Number(new URL(first.fastifyUrl).port);
    await first.close();
    await page.waitForFunction(`document.getElementById('state').textContent.startsWith('offline since')`);
    await appendFile(first.log, 'written meanwhile\n');
    await start({ log: first.log, port, fastifyPort });
    await shows(page, 'resume', 'reset');
    await showsLine(page, 'written meanwhile');
    expect(await lines(page)).toEqual(['first', 'written meanwhile']);
    await shows(page, 'resets', 1);
    await shows(page, 'reconnects', 1);
    await receives(page, 3);
    await expectComplete(page);
    expect((await story(page)).join()).toMatch('The history of telemetry and log is gone (epoch)');
  });

  it('says how the stream is doing: connecting, offline, catching up, live', async () => {
    const demo = await start();
    const { page } = await open(demo.expressUrl);
    await shows(page, 'state', 'live');
    await page.evaluate(`{
      const state = document.getElementById('state');
      globalThis.states = [];
      new MutationObserver(() => states.push([state.textContent, state.dataset.state])).observe(state, { childList: true });
    }`);
    await page.selectOption('#cut-seconds', '5');
    await page.getByRole('button', { name: 'Cut', exact: true }).click();
    await page.waitForFunction('states.length === 2');
    // What was missed has to come through a narrow pipe: time to see that it does.
    const slow = page.getByRole('switch', { name: 'Slow line' });
    await slow.click();
    await shows(page, 'state', 'catching up');
    await slow.click();
    await shows(page, 'state', 'live');
    expect(await page.evaluate('states')).toEqual([
      ['connecting', 'connecting'],
      [expect.stringMatching(/^offline since \d\d:\d\d:\d\d$/), 'offline'],
      ['catching up', 'catching-up'],
      ['live', 'live'],
    ]);
    await shows(page, 'reconnects', 1);
    await expectComplete(page);
  });

  it('counts everything across a cut, a slow line, a restart and a kill -9, and so do fifty others', async () => {
    const { page, complaints } = await open(await startWhole());
    await receives(page, 2);
    await page.getByRole('switch', { name: 'Fifty more clients' }).click();

    await page.selectOption('#cut-seconds', '2');
    await page.getByRole('button', { name: 'Cut', exact: true }).click();
    await shows(page, 'state', 'connecting');
    await tells(page, MENDED);

    const slow = page.getByRole('switch', { name: 'Slow line' });
    await slow.click();
    await page.waitForFunction(`Number.parseInt(document.getElementById('behind').textContent) >= 8`);
    expect(await slow.getAttribute('aria-checked')).toBe('true');
    await slow.click();
    await tells(page, /^Fast again after [\d.]+ s\. \d+ missed samples came, each once and in order\.$/);

    await page.getByRole('button', { name: 'Restart' }).click();
    await tells(page, MENDED, 2);
    await page.getByRole('button', { name: 'kill -9' }).click();
    await tells(page, MENDED, 3);
    await shows(page, 'state', 'live');
    await receives(page, 3);

    await expectComplete(page);
    expect(await text(page, 'resets')).toBe('0');
    expect(await text(page, 'server')).toMatch(/^\d+, start no\. 3$/);
    await page.waitForFunction(
      `document.getElementById('crowd-status').textContent.startsWith('50 open, 50 complete, ')`,
    );
    expect(complaints.filter((complaint) => !isLostConnection(complaint))).toEqual([]);
  });

  it('is sound to an accessibility checker, light and dark, wide and narrow', async () => {
    const demo = await start();
    const { page } = await open(demo.expressUrl);
    await receives(page, 2);
    await page.evaluate(axe.source);
    // What broke, and what mended it, is on the page as well.
    await page.selectOption('#cut-seconds', '2');
    await page.getByRole('button', { name: 'Cut', exact: true }).click();
    await tells(page, MENDED);
    for (const colorScheme of ['light', 'dark'] as const) {
      for (const width of [1280, 360]) {
        await page.emulateMedia({ colorScheme });
        await page.setViewportSize({ width, height: 800 });
        const found: string[] = await page.evaluate(`axe.run().then(({ violations }) =>
          violations.flatMap(({ id, impact, nodes }) => nodes.map(({ target }) => impact + ' ' + id + ' ' + target)))`);
        expect({ colorScheme, width, found }).toEqual({ colorScheme, width, found: [] });
      }
    }
  });

  it('can be worked with the keyboard alone', async () => {
    const demo = await start();
    const { page } = await open(demo.expressUrl);
    await receives(page, 1);
    await page.focus('#cut-seconds');
    await page.keyboard.press('Tab');
    await page.keyboard.press('Tab');
    expect(await page.evaluate('document.activeElement.id')).toBe('slow');
    const outline: string = await page.evaluate('getComputedStyle(document.activeElement).outlineStyle');
    expect(outline).toBe('solid');
    await page.keyboard.press('Space');
    await page.waitForFunction(`document.getElementById('slow').ariaChecked === 'true'`);
    await page.keyboard.press('Enter');
    await page.waitForFunction(`document.getElementById('slow').ariaChecked === 'false'`);
    expect((await story(page))[1]).toMatch('The line is slow');
  });

  it('fits a phone: nothing is wider than the screen', async () => {
    const demo = await start();
    const { page } = await open(demo.expressUrl);
    await appendFile(demo.log, `${'x'.repeat(500)}\n`);
    await showsLine(page, 'x'.repeat(500));
    for (const width of [360, 320]) {
      await page.setViewportSize({ width, height: 640 });
      expect(await page.evaluate('document.documentElement.scrollWidth')).toBe(width);
    }
  });
});
