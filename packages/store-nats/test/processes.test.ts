import { execFile } from 'node:child_process';
import { rm } from 'node:fs/promises';
import { promisify } from 'node:util';
import { bundle } from '@headwater/services';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { newName, serve } from './kit.js';

const PACKAGE = new URL('../', import.meta.url);
const OUT = new URL(`node_modules/.children-${process.pid}/`, PACKAGE);
const HOUR = 3_600_000;

interface Seen {
  readonly seen: readonly (readonly [seq: number, prev: number | undefined, text: string])[];
  readonly written: number;
}

beforeAll(() => bundle({ publisher: `${PACKAGE.pathname}test/children/publisher.ts` }, OUT));
afterAll(() => rm(OUT, { recursive: true, force: true }));

async function publish([url, log, name]: readonly string[], own: number, total: number, skewMs: number): Promise<Seen> {
  const args = [
    new URL('publisher.js', OUT).pathname,
    `${url}`,
    `${log}`,
    `${name}`,
    `${own}`,
    `${total}`,
    `${skewMs}`,
  ];
  const env = { ...process.env, NODE_OPTIONS: '', NODE_ENV: 'test' };
  const { stdout } = await promisify(execFile)(process.execPath, args, { env, maxBuffer: 2 ** 26, timeout: 25_000 });
  return JSON.parse(stdout) as Seen;
}

test('processes that publish at once see one log, dense and in one order, and a key is used by one of them, whatever their clocks say', async () => {
  const { url } = await serve();
  const log = newName();
  const own = 1_000;
  const total = 3 * own + own;
  const all = await Promise.all([
    publish([url, log, 'x'], own, total, 0),
    publish([url, log, 'y'], own, total, 10 * HOUR),
    publish([url, log, 'z'], own, total, -10 * HOUR),
  ]);
  const [first] = all;
  for (const { seen } of all) expect(seen).toEqual(first?.seen);
  expect(first?.seen.map(([seq]) => seq)).toEqual(Array.from({ length: total }, (_, i) => i + 1));
  expect(all.reduce((sum, { written }) => sum + written, 0)).toBe(total);
  for (const name of ['x', 'y', 'z']) {
    const texts = first?.seen.map(([, , text]) => text).filter((text) => text.startsWith(name));
    expect(texts).toEqual(Array.from({ length: own }, (_, i) => `${name} ${i}`));
  }
});
