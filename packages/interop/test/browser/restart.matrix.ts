/** As `restart.browser.ts`, for longer; and browsers that are asked to quit. */
import { it } from 'vitest';
import { FRAMEWORKS } from '../kit/origin.js';
import { countInProfile } from './kit/profile.js';

it.each(FRAMEWORKS)(
  '%s: twenty ends of a browser cost nothing',
  async (_name, framework) => {
    const ends = Array.from({ length: 20 }, (_, index) => (index % 4 === 3 ? 'quit' : 'kill'));
    await countInProfile(21_000, framework, ends);
  },
  300_000,
);
