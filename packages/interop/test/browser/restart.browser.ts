/** Ten thousand numbers, and a page that does not last as long: it is loaded again, its browser is killed. */
import { it } from 'vitest';
import { useChromium } from '../../../suite/test/chromium/chromium.js';
import { FRAMEWORKS } from '../kit/origin.js';
import { countingScript, countTo } from './kit/counting.js';
import { countInProfile } from './kit/profile.js';

const openPage = useChromium();

it('a page that is loaded again loses nothing and gets nothing twice', async () => {
  const page = await openPage('about:blank');
  await page.addInitScript({ content: await countingScript() });
  const open = async (url: string) => {
    await page.goto(url);
    return page;
  };
  const reload = async () => {
    await page.reload();
    return page;
  };
  await countTo(10_000, FRAMEWORKS[1]![1], open, Array(4).fill(reload));
});

it('nor does one whose browser is killed and started again', () => countInProfile(10_000, FRAMEWORKS[0]![1], ['kill']));
