/** The script of the pages: `page/clients.js` with all that it imports, ours from the sources. */
import { loadVite, SOURCES } from '@headwater/services';

let built: Promise<string> | undefined;

/** Built once per test file. */
export function pageScript(): Promise<string> {
  built ??= build();
  return built;
}

async function build(): Promise<string> {
  const { build } = await loadVite();
  const result = await build({
    configFile: false,
    logLevel: 'error',
    resolve: { alias: SOURCES },
    build: {
      write: false,
      minify: true,
      lib: { entry: `${import.meta.dirname}/../page/clients.js`, formats: ['iife'], name: 'clients' },
    },
  });
  const [{ output }] = result as [{ output: [{ code: string }] }];
  return output[0].code;
}
