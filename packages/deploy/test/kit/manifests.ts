/**
 * Manifests against the schemas of Kubernetes, as the package `kubernetes-models` has them: its validators know values (types, ranges,
 * enumerations, what is required) but let unknown fields pass, as the schemas do; its types know every field.
 */
import { execFile } from 'node:child_process';
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';

const models = createRequire(import.meta.url);
const PACKAGE = new URL('../../', import.meta.url).pathname;
const TSC = new URL('../../../../node_modules/.bin/tsc', import.meta.url).pathname;

const OPTIONS = { noEmit: true, strict: true, skipLibCheck: true, module: 'nodenext', target: 'es2023', types: [] };

export interface Manifest {
  readonly apiVersion: string;
  readonly kind: string;
}

/** What the API server would refuse, or ignore as unknown: a line for each field, none for a sound manifest. One list per manifest. */
export async function problemsOf(manifests: readonly Manifest[]): Promise<string[][]> {
  const fields = await checkFields(manifests);
  return manifests.map((manifest, index) => [...checkValues(manifest), ...(fields[index] ?? [])]);
}

function checkValues(manifest: Manifest): string[] {
  const { apiVersion, kind } = manifest;
  try {
    const { [kind]: Model } = models(`kubernetes-models/${apiVersion}`);
    new Model(manifest).validate();
    return [];
  } catch (error) {
    return [String(error)];
  }
}

/** The compiler finds what no type has. */
async function checkFields(manifests: readonly Manifest[]): Promise<string[][]> {
  const folder = join(PACKAGE, `node_modules/.manifests-${process.pid}`);
  mkdirSync(folder, { recursive: true });
  try {
    for (const [index, manifest] of manifests.entries()) writeFileSync(join(folder, `${index}.ts`), toCode(manifest));
    writeFileSync(join(folder, 'tsconfig.json'), JSON.stringify({ compilerOptions: OPTIONS }));
    const lines = (await run(TSC, ['-p', 'tsconfig.json', '--pretty', 'false'], folder)).split('\n');
    return manifests.map((_, index) => lines.filter((line) => line.startsWith(`${index}.ts(`)));
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function toCode(manifest: Manifest): string {
  const { apiVersion, kind } = manifest;
  const code = JSON.stringify(manifest, null, 2);
  return `import type { I${kind} } from 'kubernetes-models/${apiVersion}';\nexport const manifest: I${kind} = ${code};\n`;
}

/** Its output. @throws Error where it could not be run, or says something else than what is wrong with the files. */
function run(program: string, args: readonly string[], cwd: string): Promise<string> {
  return new Promise((resolve, reject) => {
    execFile(program, args, { cwd }, (error, stdout) => {
      if (error && !/^\d+\.ts\(/.test(stdout)) reject(new Error(`tsc: ${stdout}`, { cause: error }));
      else resolve(stdout);
    });
  });
}
