/**
 * Other versions of Node, as the npm registry has them. They are fetched when a test first asks for one, and kept: an installation of the
 * workspace does not pay for them.
 */
import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

/** The last of each line that the suite was run on. */
export const NODE_VERSIONS = ['22.23.3', '24.21.0'] as const;

const run = promisify(execFile);
const CACHE = fileURLToPath(new URL('../../../../node_modules/.cache/headwater/', import.meta.url));

/** The path of that version's program. */
export async function nodeProgram(version: string): Promise<string> {
  const name = `node-${process.platform}-${process.arch}`;
  const folder = `${CACHE}node-${version}`;
  const program = `${folder}/node_modules/${name}/bin/node`;
  if (!existsSync(program)) {
    await mkdir(folder, { recursive: true });
    await run('npm', ['install', '--prefix', folder, '--no-save', '--no-audit', '--no-fund', `${name}@${version}`]);
  }
  return program;
}
