/** A page that counts, behind a network that fails when it is told to. */
import type { Page } from 'playwright-core';
import { type Framework, Origin, type OriginOptions } from '../../kit/origin.js';
import { countingScript, hasCountedTo } from './counting.js';
import { MobileNetwork } from './mobile-network.js';

interface Phone {
  readonly origin: Origin;
  readonly network: MobileNetwork;
  readonly page: Page;
}

/** Answers once the page has counted to 5. */
export async function startPhone(
  openPage: (url: string) => Promise<Page>,
  framework: Framework,
  options?: OriginOptions,
): Promise<Phone> {
  const origin = await Origin.start(framework, options);
  const network = await MobileNetwork.before(Number(new URL(origin.url).port));
  const page = await openPage('about:blank');
  // Random waits, which grow with every failure, are short ones.
  await page.addInitScript({ content: `Math.random = () => 0.01; ${await countingScript()}` });
  await page.goto(network.url);
  await origin.publish(5);
  await hasCountedTo(page, 5);
  return { origin, network, page };
}
