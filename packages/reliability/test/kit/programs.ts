/** The programs of `src/children`, bundled from the sources. */
import { rm } from 'node:fs/promises';
import { bundle } from '@headwater/services';
import { afterAll, beforeAll } from 'vitest';
import { setChildren } from '../../src/harness/child-process.js';

const PACKAGE = new URL('../../', import.meta.url);
const OUT = new URL(`node_modules/.children-${process.pid}/`, PACKAGE);

/** Makes the programs for the tests of this file. */
export function usePrograms(): void {
  beforeAll(async () => {
    const names = ['server', 'client', 'governed'];
    await bundle(Object.fromEntries(names.map((name) => [name, `${PACKAGE.pathname}src/children/${name}.ts`])), OUT);
    setChildren(OUT);
  }, 60_000);
  afterAll(() => rm(OUT, { recursive: true, force: true }));
}
