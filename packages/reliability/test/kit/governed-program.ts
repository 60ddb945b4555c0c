/** The program `children/governed`, bundled from the sources as the others are. */
import { rm } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { pathToFileURL } from 'node:url';
import { afterAll, beforeAll } from 'vitest';
import { setChildren } from '../../src/harness/child-process.js';

const PACKAGE = new URL('../../', import.meta.url);
const OUT = new URL(`node_modules/.governed-${process.pid}/`, PACKAGE);
const PACKAGES = new URL('../', PACKAGE).pathname;

/** Makes the programs that the rows of governance start, for the tests of this file. */
export function useGovernedPrograms(): void {
  beforeAll(async () => {
    await bundle(['governed', 'server']);
    setChildren(OUT);
  }, 60_000);
  afterAll(() => rm(OUT, { recursive: true, force: true }));
}

interface Resolver {
  resolve(source: string, importer: string | undefined, options: object): Promise<{ id: string } | null>;
}

/** What is not ours stays where it is, and is found from whoever imports it. */
const externals = {
  name: 'externals',
  enforce: 'pre',
  async resolveId(this: Resolver, source: string, importer: string | undefined) {
    if (/^([./]|node:|@headwater\/)/.test(source) || importer === undefined) return null;
    const found = await this.resolve(source, importer, { skipSelf: true });
    return found?.id.startsWith('/') ? { id: pathToFileURL(found.id).href, external: 'absolute' } : found;
  },
};

async function bundle(names: readonly string[]): Promise<void> {
  const vitest = createRequire(import.meta.url).resolve('vitest');
  // Vitest brings it along.
  const { build } = await import(pathToFileURL(createRequire(vitest).resolve('vite')).href);
  await build({
    configFile: false,
    logLevel: 'error',
    plugins: [externals],
    resolve: {
      alias: [
        { find: /^@headwater\/([^/]+)$/, replacement: `${PACKAGES}$1/src/index.ts` },
        { find: /^@headwater\/([^/]+)\/(.+)$/, replacement: `${PACKAGES}$1/src/$2/index.ts` },
      ],
    },
    ssr: { noExternal: true },
    build: {
      ssr: true,
      outDir: OUT.pathname,
      minify: false,
      rolldownOptions: {
        input: Object.fromEntries(names.map((name) => [name, new URL(`src/children/${name}.ts`, PACKAGE).pathname])),
        output: { chunkFileNames: '[name].js' },
      },
    },
  });
}
