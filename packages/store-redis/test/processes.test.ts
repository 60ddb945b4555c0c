import { execFile } from 'node:child_process';
import { cp, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { bundle, contest } from '@headwater/services';
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest';
import { dropLog, newName, useRedis } from './kit.js';

const { url, redis } = await useRedis();

const PACKAGE = new URL('../', import.meta.url);
const OUT = new URL(`node_modules/.children-${process.pid}/`, PACKAGE);

beforeAll(() => bundle({ publisher: `${PACKAGE.pathname}test/children/publisher.ts` }, OUT, ['redis', 'ioredis']));
afterAll(() => rm(OUT, { recursive: true, force: true }));

test('processes that publish at once see one log, dense and in one order, and a key is used by one of them, whatever their clocks say', async () => {
  const log = newName();
  onTestFinished(() => dropLog(redis, log));
  const script = new URL('publisher.js', OUT).pathname;
  expect(await contest({ script, url, log, own: 1_000 })).toHaveLength(4_000);
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
