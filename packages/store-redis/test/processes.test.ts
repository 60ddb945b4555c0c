import { execFile } from 'node:child_process';
import { cp, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { bundle } from '@headwater/services';
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest';
import { dropLog, newName, useRedis } from './kit.js';

const { url, redis } = await useRedis();

const PACKAGE = new URL('../', import.meta.url);
const OUT = new URL(`node_modules/.children-${process.pid}/`, PACKAGE);
const HOUR = 3_600_000;

interface Seen {
  readonly seen: readonly (readonly [seq: number, prev: number | undefined, text: string])[];
  readonly written: number;
}

beforeAll(() => bundle({ publisher: `${PACKAGE.pathname}test/children/publisher.ts` }, OUT, ['redis', 'ioredis']));
afterAll(() => rm(OUT, { recursive: true, force: true }));

async function publish(log: string, name: string, own: number, total: number, skewMs: number): Promise<Seen> {
  const args = [new URL('publisher.js', OUT).pathname, url, log, name, `${own}`, `${total}`, `${skewMs}`];
  const env = { ...process.env, NODE_OPTIONS: '', NODE_ENV: 'test' };
  const { stdout } = await promisify(execFile)(process.execPath, args, { env, maxBuffer: 2 ** 26, timeout: 25_000 });
  return JSON.parse(stdout) as Seen;
}

test('processes that publish at once see one log, dense and in one order, and a key is used by one of them, whatever their clocks say', async () => {
  const log = newName();
  onTestFinished(() => dropLog(redis, log));
  const own = 1_000;
  const total = 3 * own + own;
  const all = await Promise.all([
    publish(log, 'x', own, total, 0),
    publish(log, 'y', own, total, 10 * HOUR),
    publish(log, 'z', own, total, -10 * HOUR),
  ]);
  const [first] = all;
  for (const { seen } of all) expect(seen).toEqual(first.seen);
  expect(first.seen.map(([seq]) => seq)).toEqual(Array.from({ length: total }, (_, i) => i + 1));
  expect(all.reduce((sum, { written }) => sum + written, 0)).toBe(total);
  for (const name of ['x', 'y', 'z']) {
    const texts = first.seen.map(([, , text]) => text).filter((text) => text.startsWith(name));
    expect(texts).toEqual(Array.from({ length: own }, (_, i) => `${name} ${i}`));
  }
});

test('where neither redis nor ioredis is installed the error says what to add', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'headwater-alone-'));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  await cp(OUT, folder, { recursive: true });
  await writeFile(join(folder, 'package.json'), '{"type":"module"}');
  const env = { ...process.env, NODE_OPTIONS: '', NODE_ENV: 'test', NODE_PATH: '' };
  const args = [join(folder, 'publisher.js'), url, newName(), 'x', '1', '2', '0'];
  const failed = await promisify(execFile)(process.execPath, args, { env }).catch((error: Error) => error);
  expect(String(failed)).toMatch(/neither the package "redis" nor "ioredis" is installed\. Add one/);
});
