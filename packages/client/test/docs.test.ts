/** The code of the README and of the guide passes the type checker. */
import { execFile } from 'node:child_process';
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { promisify } from 'node:util';
import { expect, it, onTestFinished } from 'vitest';

const PACKAGE = new URL('../', import.meta.url).pathname;
const DOCUMENTS = ['README.md', '../../docs/guides/client.md'];

/** The blocks of TypeScript, by file name. */
function blocksOf(document: string): Map<string, string> {
  const blocks = new Map<string, string>();
  const text = readFileSync(`${PACKAGE}${document}`, 'utf8');
  for (const [, title, code] of text.matchAll(/^```typescript(?: title="([^"]+)")?\n([\s\S]*?)^```$/gm)) {
    blocks.set(title ?? `block-${blocks.size}.ts`, code ?? '');
  }
  return blocks;
}

it.each(DOCUMENTS)('%s', async (document) => {
  const blocks = blocksOf(document);
  expect(blocks.size).toBeGreaterThan(0);
  const folder = `${PACKAGE}node_modules/.docs-${process.pid}-${DOCUMENTS.indexOf(document)}`;
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  mkdirSync(folder, { recursive: true });
  for (const [name, code] of blocks) writeFileSync(`${folder}/${name}`, `${code}\nexport {};\n`);
  const compilerOptions = {
    target: 'es2023',
    lib: ['es2023', 'dom', 'dom.iterable'],
    module: 'nodenext',
    types: [],
    strict: true,
    noEmit: true,
    skipLibCheck: true,
    exactOptionalPropertyTypes: true,
    noUncheckedIndexedAccess: true,
    paths: { '@headwater/client': [`${PACKAGE}src/index.ts`], '@headwater/client/*': [`${PACKAGE}src/*/index.ts`] },
  };
  writeFileSync(`${folder}/package.json`, '{ "type": "module" }');
  writeFileSync(`${folder}/tsconfig.json`, JSON.stringify({ compilerOptions, include: ['*.ts'] }));
  const tsc = `${PACKAGE}../../node_modules/.bin/tsc`;
  const check = promisify(execFile)(tsc, ['-p', folder, '--pretty', 'false']);
  const output = await check.then(
    ({ stdout }) => stdout,
    (error: { stdout: string }) => error.stdout,
  );
  expect(output).toBe('');
});
