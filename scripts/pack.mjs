// Packs the public packages into PACKED, as they would be published.
import { mkdirSync, rmSync } from 'node:fs';
import { isMain } from './is-main.mjs';
import { publicPackages, tarballName } from './packages.mjs';
import { CACHE, mustRun, PNPM } from './run.mjs';

const PACKED = `${CACHE}/packed`;

/** The packed public packages: `{ manifest, tarball }`. */
export const packed = publicPackages.map(({ manifest }) => ({
  manifest,
  tarball: `${PACKED}/${tarballName(manifest)}`,
}));

if (isMain(import.meta.url)) {
  rmSync(PACKED, { recursive: true, force: true });
  mkdirSync(PACKED, { recursive: true });
  const filters = publicPackages.map(({ manifest }) => `--filter=${manifest.name}`);
  await mustRun([...PNPM, '--recursive', ...filters, 'pack', '--pack-destination', PACKED], { capture: true });
  for (const { tarball } of packed) console.log(tarball.slice(PACKED.length + 1));
}
