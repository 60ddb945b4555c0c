import { rm } from 'node:fs/promises';
import { bundle, contest } from '@headwater/services';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { newName, serve } from './kit.js';

const PACKAGE = new URL('../', import.meta.url);
const OUT = new URL(`node_modules/.children-${process.pid}/`, PACKAGE);

beforeAll(() => bundle({ publisher: `${PACKAGE.pathname}test/children/publisher.ts` }, OUT));
afterAll(() => rm(OUT, { recursive: true, force: true }));

test('processes that publish at once see one log, dense and in one order, and a key is used by one of them, whatever their clocks say', async () => {
  const { url } = await serve();
  const script = new URL('publisher.js', OUT).pathname;
  expect(await contest({ script, url, log: newName(), own: 1_000 })).toHaveLength(4_000);
});
