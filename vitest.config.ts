import { defineConfig } from 'vitest/config';
import { BaseSequencer, type TestSpecification } from 'vitest/node';
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

/** What takes longest begins first, or all else would wait for it in the end: servers that are killed, then what computes. */
const LONGEST = [/\/reliability\//, /\.sim\.ts$|\/store-postgres\/test\/conformance/];

class LongestFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const sorted = await super.sort(files);
    const rank = ({ moduleId }: TestSpecification) => {
      const index = LONGEST.findIndex((kind) => kind.test(moduleId));
      return index === -1 ? LONGEST.length : index;
    };
    return sorted.toSorted((a, b) => rank(a) - rank(b));
  }
}

export default defineConfig({
  test: {
    pool: 'forks',
    maxWorkers: 2,
    retry: 0,
    sequence: { sequencer: LongestFirst },
    projects: process.env.HEADWATER_MATRIX
      ? [MATRIX]
      : [
          // Most unit tests wait for real servers and processes, simulations compute: together they keep two cores busy. No unit test
          // replaces a module or leaves anything behind, and most take less time than a worker of its own would take to import.
          project('unit', 'test', { testTimeout: 30_000, maxWorkers: 4, isolate: false, sequence: { groupOrder: 0 } }),
          project('sim', 'sim', { testTimeout: 180_000, maxWorkers: 4, sequence: { groupOrder: 0 } }),
          // Never beside the other projects: what a page measures is wall-clock time.
          ...(chromium
            ? [
                project('browser', 'browser', {
                  testTimeout: 60_000,
                  hookTimeout: 60_000,
                  maxWorkers: 2,
                  sequence: { groupOrder: 1 },
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
