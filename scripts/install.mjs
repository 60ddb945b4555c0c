// Installs the dependencies when the lockfile or a manifest is newer than the last installation.
import { statSync, writeFileSync } from 'node:fs';
import { packages } from './packages.mjs';
import { mustRun, PNPM, ROOT } from './run.mjs';

const STAMP = `${ROOT}node_modules/.installed`;
const inputs = [
  ...['pnpm-lock.yaml', 'pnpm-workspace.yaml', 'package.json'].map((name) => `${ROOT}${name}`),
  ...packages.map(({ directory }) => `${directory}/package.json`),
];

if (inputs.some((path) => modified(path) > modified(STAMP))) {
  const command = [...PNPM, 'install', '--frozen-lockfile'];
  console.log(`Dependencies: ${command.join(' ')}`);
  await mustRun(command);
  writeFileSync(STAMP, '');
} else {
  console.log('Dependencies: up to date');
}

function modified(path) {
  return statSync(path, { throwIfNoEntry: false })?.mtimeMs ?? 0;
}
