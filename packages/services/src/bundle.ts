/**
 * Bundle: scripts that tests run as processes of their own, made from the sources of the packages: no test needs a build, and Node 20
 * reads no TypeScript.
 */
import { createRequire } from 'node:module';
import { fileURLToPath, pathToFileURL } from 'node:url';

const PACKAGES = fileURLToPath(new URL('../../', import.meta.url));

/** Where the sources of our packages are, as an alias of Vite. */
export const SOURCES: readonly { readonly find: RegExp; readonly replacement: string }[] = [
  { find: /^@headwater\/([^/]+)$/, replacement: `${PACKAGES}$1/src/index.ts` },
  { find: /^@headwater\/([^/]+)\/(.+)$/, replacement: `${PACKAGES}$1/src/$2/index.ts` },
];

interface Resolver {
  resolve(source: string, importer: string | undefined, options: object): Promise<{ id: string } | null>;
}

/** Everything but our own packages stays where it is, found from whoever imports it; a name that is `bare` is found where the script runs. */
const externals = (bare: readonly string[]) => ({
  name: 'externals',
  enforce: 'pre',
  async resolveId(this: Resolver, source: string, importer: string | undefined) {
    if (bare.includes(source)) return { id: source, external: true };
    if (/^([./]|node:|@headwater\/)/.test(source) || importer === undefined) return null;
    const found = await this.resolve(source, importer, { skipSelf: true });
    return found?.id.startsWith('/') ? { id: pathToFileURL(found.id).href, external: 'absolute' } : found;
  },
});

/** Makes `<name>.js` in the folder `out` of each script, given by its path. */
export async function bundle(
  scripts: Readonly<Record<string, string>>,
  out: URL,
  bare: readonly string[] = [],
): Promise<void> {
  const { build } = await loadVite();
  await build({
    configFile: false,
    logLevel: 'error',
    plugins: [externals(bare)],
    resolve: { alias: SOURCES },
    ssr: { noExternal: true },
    build: {
      ssr: true,
      outDir: fileURLToPath(out),
      minify: false,
      rolldownOptions: { input: scripts, output: { chunkFileNames: '[name].js' } },
    },
  });
}

/** Vite, which Vitest brings along. */
export async function loadVite(): Promise<{ build(config: object): Promise<unknown> }> {
  const vitest = createRequire(import.meta.url).resolve('vitest');
  return import(pathToFileURL(createRequire(vitest).resolve('vite')).href);
}
