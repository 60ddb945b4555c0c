import { defineConfig } from 'vitest/config';
import { findChromium } from './scripts/chromium.mjs';

// The packages are tested from their sources: no test needs a build.
const alias = [
  { find: /^@headwater\/([^/]+)$/, replacement: `${import.meta.dirname}/packages/$1/src/index.ts` },
  { find: /^@headwater\/([^/]+)\/(.+)$/, replacement: `${import.meta.dirname}/packages/$1/src/$2/index.ts` },
];

const chromium = findChromium();
const withChromium = chromium ? { CHROMIUM_PATH: chromium } : {};

// What needs foreign servers or runtimes runs by itself, in `npm run test:matrix`.
const MATRIX = project('matrix', 'matrix', {
  testTimeout: 120_000,
  hookTimeout: 300_000,
  maxWorkers: 1,
  env: withChromium,
});

export default defineConfig({
  test: {
    pool: 'forks',
    maxWorkers: 2,
    retry: 0,
    projects: process.env.HEADWATER_MATRIX
      ? [MATRIX]
      : [
          // Many wait for real servers and processes: three at a time keep two cores busy.
          project('unit', 'test', { testTimeout: 30_000, maxWorkers: 3, sequence: { groupOrder: 0 } }),
          project('sim', 'sim', { testTimeout: 180_000, sequence: { groupOrder: 1 } }),
          // One browser at a time, and never beside the other projects: what it measures is wall-clock time.
          ...(chromium
            ? [
                project('browser', 'browser', {
                  testTimeout: 60_000,
                  hookTimeout: 60_000,
                  maxWorkers: 1,
                  sequence: { groupOrder: 2 },
                  env: withChromium,
                }),
              ]
            : []),
        ],
  },
});

function project<Options extends object>(name: string, suffix: string, options: Options) {
  return {
    resolve: { alias },
    test: { name, include: [`packages/*/test/**/*.${suffix}.ts`], environment: 'node', ...options },
  };
}
