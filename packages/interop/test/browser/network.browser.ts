/** Pages whose network fails or which their browser puts aside: every number comes once and in order, and what is gone is noticed. */
import { expect, it } from 'vitest';
import { useChromium } from '../../../suite/test/chromium/chromium.js';
import { FRAMEWORKS, type OriginOptions } from '../kit/origin.js';
import { hasCountedTo, readCount } from './kit/counting.js';
import { startPhone } from './kit/phone.js';

const openPage = useChromium();

const start = (options?: OriginOptions) => startPhone(openPage, FRAMEWORKS[1]![1], options);

it('a server that falls silent is given up after three of its heartbeats', async () => {
  const { origin, network, page } = await start({ hub: { heartbeatMs: 1_000 } });
  network.blackhole();
  await origin.publish(5);
  await hasCountedTo(page, 10);
  expect((await readCount(page)).errors).toEqual(['ERR_CLIENT_SILENT: Nothing for 3000 ms']);
});

it('connections that break, end halfway and crawl cost nothing', async () => {
  const { origin, network, page } = await start();
  const failures = [() => network.reset(), () => network.halfClose()];
  for (const fail of failures) {
    network.delayMs = 50 - network.delayMs;
    await origin.publish(100);
    fail();
    await origin.publish(100);
    await hasCountedTo(page, origin.last);
  }
  expect((await readCount(page)).errors).toHaveLength(failures.length);
});

it('a page that is frozen has missed nothing when it thaws', async () => {
  const { origin, page } = await start();
  const session = await page.context().newCDPSession(page);
  await session.send('Page.setWebLifecycleState', { state: 'frozen' });
  await origin.publish(500);
  origin.end('rst');
  await origin.publish(500);
  await session.send('Page.setWebLifecycleState', { state: 'active' });
  await hasCountedTo(page, 1_005);
});
