/**
 * Packages that only one test needs, as the npm registry has them. They are fetched when a test first asks for one, and kept: an
 * installation of the workspace does not pay for them.
 */
import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

const run = promisify(execFile);
const CACHE = fileURLToPath(new URL('../../../../node_modules/.cache/headwater/', import.meta.url));

/** The folder of that version of a package. */
export async function fetchPackage(name: string, version: string): Promise<string> {
  const folder = `${CACHE}${name}-${version}`;
  const installed = `${folder}/node_modules/${name}`;
  if (!existsSync(`${installed}/package.json`)) {
    await mkdir(folder, { recursive: true });
    await run('npm', ['install', '--prefix', folder, '--no-save', '--no-audit', '--no-fund', `${name}@${version}`]);
  }
  return installed;
}
