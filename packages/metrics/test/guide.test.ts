import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { metricsOfHub } from './kit/metrics-of-hub.js';

const GUIDE = new URL('../../../docs/guides/metrics.md', import.meta.url);

it('the guide lists every metric once, with its type', async () => {
  const listed = [...readFileSync(GUIDE, 'utf8').matchAll(/^\| `(sse_\w+)` \| (\w+) \|/gm)];
  const known = (await metricsOfHub()).map(({ name, type }) => `${name} ${type}`);
  expect(listed.map(([, name, type]) => `${name} ${type}`).toSorted()).toEqual(known.toSorted());
});
