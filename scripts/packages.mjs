// The packages of the workspace, as their manifests describe them.
import { readdirSync, readFileSync } from 'node:fs';
import { ROOT } from './run.mjs';

/** Every package: `{ directory, manifest }`. */
export const packages = readdirSync(`${ROOT}packages`, { withFileTypes: true })
  .filter((entry) => entry.isDirectory())
  .map(({ name }) => ({
    directory: `${ROOT}packages/${name}`,
    manifest: JSON.parse(readFileSync(`${ROOT}packages/${name}/package.json`, 'utf8')),
  }));

/** Those that are published. */
export const publicPackages = packages.filter(({ manifest }) => !manifest.private);

/** What `pnpm pack` calls the tarball of a package. */
export const tarballName = ({ name, version }) => `${name.replace('@', '').replace('/', '-')}-${version}.tgz`;
