/** The programs of `src/children`, bundled from the sources: no test needs a build, and Node 20 reads no TypeScript. */
import { rm } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { pathToFileURL } from 'node:url';
import { afterAll, beforeAll } from 'vitest';
import { setChildren } from '../../src/harness/child-process.js';

const PACKAGE = new URL('../../', import.meta.url);
const OUT = new URL(`node_modules/.children-${process.pid}/`, PACKAGE);

/** Makes the programs for the tests of this file. */
export function usePrograms(): void {
  beforeAll(async () => {
    await bundle(['server', 'client', 'governed']);
    setChildren(OUT);
  }, 60_000);
  afterAll(() => rm(OUT, { recursive: true, force: true }));
}

interface Resolver {
  resolve(source: string, importer: string | undefined, options: object): Promise<{ id: string } | null>;
}

/** Everything but our own packages stays where it is, found from whoever imports it. */
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
  const { build } = await loadVite();
  const packages = new URL('../', PACKAGE).pathname;
  await build({
    configFile: false,
    logLevel: 'error',
    plugins: [externals],
    resolve: {
      alias: [
        { find: /^@headwater\/([^/]+)$/, replacement: `${packages}$1/src/index.ts` },
        { find: /^@headwater\/([^/]+)\/(.+)$/, replacement: `${packages}$1/src/$2/index.ts` },
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

/** Vitest brings it along. */
async function loadVite(): Promise<{ build(config: object): Promise<unknown> }> {
  const vitest = createRequire(import.meta.url).resolve('vitest');
  return import(pathToFileURL(createRequire(vitest).resolve('vite')).href);
}
