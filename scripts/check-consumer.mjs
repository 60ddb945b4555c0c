// Installs the packed packages into a temporary folder beside real frameworks, then type-checks and loads them there. Arguments: the
// compiler, if not the repository's own, and its options.
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { packed } from './pack.mjs';
import { bin, mustRun, PNPM, ROOT } from './run.mjs';

const [tsc = bin('tsc'), ...options] = process.argv.slice(2);
const cwd = mkdtempSync(join(tmpdir(), 'headwater-consumer-'));
process.on('exit', () => rmSync(cwd, { recursive: true, force: true }));

cpSync(`${ROOT}scripts/consumer`, cwd, { recursive: true });
const tarballs = Object.fromEntries(packed.map(({ manifest, tarball }) => [manifest.name, `file:${tarball}`]));
const manifest = JSON.parse(readFileSync(`${cwd}/package.json`, 'utf8'));
writeFileSync(
  `${cwd}/package.json`,
  JSON.stringify({ ...manifest, dependencies: { ...manifest.dependencies, ...tarballs } }),
);
// The packages depend on each other by version, which no registry has before the release.
const allowBuilds = { lmdb: false, 'msgpackr-extract': false };
writeFileSync(`${cwd}/pnpm-workspace.yaml`, JSON.stringify({ overrides: tarballs, allowBuilds }));

console.log('install');
await mustRun([...PNPM, 'install', '--no-frozen-lockfile', '--prefer-offline'], { cwd, capture: true });

for (const [module, moduleResolution] of [
  ['nodenext', 'nodenext'],
  ['preserve', 'bundler'],
]) {
  console.log(`tsc --moduleResolution ${moduleResolution}`);
  await mustRun([tsc, '-p', cwd, '--module', module, '--moduleResolution', moduleResolution, ...options]);
}

const entryPoints = packed.flatMap(({ manifest: { name, exports } }) =>
  Object.keys(exports)
    .filter((path) => path !== './package.json')
    .map((path) => name + path.slice(1)),
);
await mustRun([process.execPath, 'load.mjs', ...entryPoints], { cwd });
