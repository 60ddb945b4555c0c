import { gzipSync } from 'node:zlib';
import { build } from 'esbuild';
import { expect, it } from 'vitest';

it('the entry for browsers has at most 6 KiB, minified and compressed, with everything that it imports', async () => {
  const { outputFiles } = await build({
    entryPoints: [`${import.meta.dirname}/../src/index.ts`],
    bundle: true,
    minify: true,
    format: 'esm',
    platform: 'browser',
    target: 'es2022',
    write: false,
  });
  const [file] = outputFiles;
  expect(file?.text).toContain('ERR_CLIENT_NETWORK');
  expect(gzipSync(file?.contents ?? '', { level: 9 }).length).toBeLessThanOrEqual(6 * 1024);
});
