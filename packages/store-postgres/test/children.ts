/** Processes of their own for tests, from TypeScript that Node 20 does not read. */
import { rm } from 'node:fs/promises';
import { bundle } from '@headwater/services';
import { afterAll, beforeAll } from 'vitest';

const PACKAGE = new URL('../', import.meta.url);

/** Builds `children/<name>.ts`; the function returned tells where each then is. */
export function useChildren(...names: string[]): (name: string) => string {
  const out = new URL(`node_modules/.children-${process.pid}/`, PACKAGE);
  const scripts = Object.fromEntries(names.map((name) => [name, `${PACKAGE.pathname}test/children/${name}.ts`]));
  beforeAll(() => bundle(scripts, out));
  afterAll(() => rm(out, { recursive: true, force: true }));
  return (name) => new URL(`${name}.js`, out).pathname;
}
