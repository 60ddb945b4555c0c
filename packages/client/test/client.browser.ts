/** The client in Chromium: reloads, tabs, the back/forward cache, a network that goes away. */
import { expect, it } from 'vitest';
import { launchChromium, record, serve, until } from './kit/chromium.js';

const newContext = launchChromium();

const upTo = (count: number, from = 1) => Array.from({ length: count - from + 1 }, (_, index) => index + from);

it('a page that is reloaded loses nothing and gets nothing twice', async () => {
  const site = await serve();
  const page = await (await newContext()).newPage();
  await page.goto(site.url);
  // The page keeps its own state beside the position, as an application would.
  const open = async () => {
    await record(page, `connect('/stream', { position: storedIn(localStorage), backoffMs: 1 })`);
    await page.evaluate(`stream.on('message', ({ data }) => {
      localStorage.all = JSON.stringify([...JSON.parse(localStorage.all ?? '[]'), data]);
    })`);
  };
  await open();
  await until(page, `stream.status.state === 'live'`);
  for (let n = 1; n <= 1_000; n++) {
    await site.hub.publish('numbers', { data: n });
    if (n % 200 !== 0) continue;
    await until(page, `seen.length > 20`);
    await page.reload();
    await open();
  }
  await until(page, `JSON.parse(localStorage.all).at(-1) === 1000`);
  expect(await page.evaluate('JSON.parse(localStorage.all)')).toEqual(upTo(1_000));
});

it('ten tabs have one connection, and go on when the tab that has it is closed', async () => {
  const site = await serve();
  const context = await newContext();
  const tabs = [];
  for (let n = 0; n < 10; n++) {
    const tab = await context.newPage();
    await tab.goto(site.url);
    await record(tab, `connectShared('/stream', { backoffMs: 1 })`);
    tabs.push(tab);
  }
  for (const tab of tabs) await until(tab, `stream.status.state === 'live'`);
  expect(site.streams()).toBe(1);
  for (let n = 1; n <= 50; n++) await site.hub.publish('numbers', { data: n });
  for (const tab of tabs) await until(tab, 'seen.length === 50');
  // The first has the lock.
  await tabs[0]?.close();
  for (let n = 51; n <= 100; n++) await site.hub.publish('numbers', { data: n });
  for (const tab of tabs.slice(1)) {
    await until(tab, 'seen.at(-1) === 100');
    expect(await tab.evaluate('seen')).toEqual(upTo(100));
  }
  expect([site.streams(), site.requests()]).toEqual([1, 2]);
});

it('a page in the back/forward cache has no connection, and catches up when it is back', async () => {
  const site = await serve();
  const page = await (await newContext()).newPage();
  await page.goto(site.url);
  await record(page, `connect('/stream', { backoffMs: 1 })`);
  await until(page, `stream.status.state === 'live'`);
  await page.evaluate('globalThis.isTheSame = true');
  await site.hub.publish('numbers', { data: 1 });
  await until(page, 'seen.length === 1');
  await page.goto(`${site.url}/elsewhere`);
  await expect.poll(() => site.streams(), { timeout: 10_000 }).toBe(0);
  await site.hub.publish('numbers', { data: 2 });
  // A page that comes out of the cache does not load.
  await page.goBack({ waitUntil: 'commit' });
  expect(await page.evaluate('globalThis.isTheSame')).toBe(true);
  await until(page, 'seen.length === 2');
  expect(await page.evaluate('seen')).toEqual([1, 2]);
  await until(page, `stream.status.state === 'live'`);
});

it('a network that goes away is told at once, and within three seconds after it is back everything is there', async () => {
  const site = await serve();
  const context = await newContext();
  const page = await context.newPage();
  await page.goto(site.url);
  await record(page, `connect('/stream')`);
  await until(page, `stream.status.state === 'live'`);
  await context.setOffline(true);
  site.cut();
  await until(page, `stream.status.state === 'offline'`);
  for (let n = 1; n <= 10; n++) await site.hub.publish('numbers', { data: n });
  await context.setOffline(false);
  const begun = performance.now();
  await until(page, 'seen.length === 10');
  expect(performance.now() - begun).toBeLessThan(3_000);
  expect(await page.evaluate('seen')).toEqual(upTo(10));
  await until(page, `stream.status.state === 'live'`);
});

it('the EventSource of the package does in a page what the native one does', async () => {
  const site = await serve();
  const page = await (await newContext()).newPage();
  await page.goto(site.url);
  await page.evaluate(`{
    globalThis.logs = [EventSource, headwater.EventSource].map((Source) => {
      const source = new Source('/stream', { withCredentials: true });
      const log = [source.url, source.withCredentials, source.readyState];
      source.onopen = () => log.push('open', source.readyState);
      source.onerror = () => log.push('error', source.readyState);
      source.onmessage = ({ data, lastEventId, origin }) => log.push(data, lastEventId, origin);
      return log;
    });
  }`);
  await until(page, `logs.every((log) => log.includes('open'))`);
  await expect.poll(() => site.streams(), { timeout: 10_000 }).toBe(2);
  await site.hub.publish('numbers', { data: 1 });
  await until(page, `logs.every((log) => log.includes('1'))`);
  site.cut();
  await until(page, `logs.every((log) => log.filter((entry) => entry === 'open').length === 2)`);
  await site.hub.publish('numbers', { data: 2 });
  await until(page, `logs.every((log) => log.includes('2'))`);
  const [native, own] = (await page.evaluate('logs')) as unknown[][];
  expect(own).toEqual(native);
});
