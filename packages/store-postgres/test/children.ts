/** Processes of their own for tests, from TypeScript that Node 20 does not read. */
import { rm } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { pathToFileURL } from 'node:url';
import { afterAll, beforeAll } from 'vitest';

const PACKAGE = new URL('../', import.meta.url);

/** Builds `children/<name>.ts`; the function returned tells where each then is. */
export function useChildren(...names: string[]): (name: string) => string {
  const out = new URL(`node_modules/.children-${process.pid}/`, PACKAGE);
  const source = (path: string) => new URL(`../${path}`, PACKAGE).pathname;
  beforeAll(async () => {
    const { build } = await loadVite();
    await build({
      configFile: false,
      logLevel: 'error',
      resolve: {
        alias: [
          { find: /^@headwater\/([^/]+)$/, replacement: source('$1/src/index.ts') },
          { find: /^@headwater\/([^/]+)\/(.+)$/, replacement: source('$1/src/$2/index.ts') },
        ],
      },
      ssr: { noExternal: true, external: ['pg'] },
      build: {
        ssr: true,
        outDir: out.pathname,
        minify: false,
        rolldownOptions: {
          input: Object.fromEntries(names.map((name) => [name, source(`store-postgres/test/children/${name}.ts`)])),
        },
      },
    });
  });
  afterAll(() => rm(out, { recursive: true, force: true }));
  return (name) => new URL(`${name}.js`, out).pathname;
}

/** Vitest brings it along. */
async function loadVite(): Promise<{ build(config: object): Promise<unknown> }> {
  const vitest = createRequire(import.meta.url).resolve('vitest');
  return import(pathToFileURL(createRequire(vitest).resolve('vite')).href);
}
