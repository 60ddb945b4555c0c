/** As `network.browser.ts`, by chance and for longer; and a load balancer that is ill for three seconds. */

import { seeded } from '@headwater/testing';
import { describe, expect, it } from 'vitest';
import { useChromium } from '../../../suite/test/chromium/chromium.js';
import { FRAMEWORKS } from '../kit/origin.js';
import { hasCountedTo, readCount } from './kit/counting.js';
import { startPhone } from './kit/phone.js';

const openPage = useChromium();

const SEED = 31;
const ROUNDS = 40;

describe.each(FRAMEWORKS)('%s', (_name, framework) => {
  it(`a bad day of a phone costs nothing, with the seed ${SEED}`, async () => {
    const random = seeded(SEED);
    const { origin, network, page } = await startPhone(openPage, framework, { hub: { heartbeatMs: 1_000 } });
    const offline = async () => {
      await page.context().setOffline(true);
      network.reset();
      await origin.publish(Math.ceil(random() * 100));
      await page.context().setOffline(false);
    };
    const failures = [() => network.reset(), () => network.halfClose(), () => network.blackhole(), offline];
    for (let round = 0; round < ROUNDS; round++) {
      network.delayMs = random() < 0.5 ? 0 : Math.floor(random() * 300);
      await origin.publish(Math.ceil(random() * 200));
      await failures[Math.floor(random() * failures.length)]!();
      await origin.publish(Math.ceil(random() * 200));
      await hasCountedTo(page, origin.last);
    }
  }, 600_000);

  it('a load balancer that answers 502, 503 and 429 for three seconds costs nothing', async () => {
    const { origin, page } = await startPhone(openPage, framework);
    const well = performance.now() + 3_000;
    let refused = 0;
    origin.refusal = () => (performance.now() < well ? { status: [502, 503, 429][refused++ % 3]! } : undefined);
    origin.end('rst');
    await origin.publish(100);
    await hasCountedTo(page, 105);
    expect(refused).toBeGreaterThan(0);
    const { errors } = await readCount(page);
    expect(errors.filter((error) => error.startsWith('ERR_CLIENT_STATUS'))).toHaveLength(refused);
  });
});
