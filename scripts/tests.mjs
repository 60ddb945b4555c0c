// Runs every Vitest project and fails when one that should have tests finds none.
import { readFileSync, rmSync } from 'node:fs';
import { BROWSER_TESTS, findChromium } from './chromium.mjs';
import { isMain } from './is-main.mjs';
import { bin, CACHE, run } from './run.mjs';

const RESULTS = `${CACHE}/vitest.json`;

/** The line that sums the last run up: `N passed, N failed`, and `, N skipped` when there were any. */
export function tally() {
  const { numPassedTests, numFailedTests, numPendingTests, numTodoTests, testResults } = readResults();
  // A file that cannot be loaded fails without a failed test.
  const unloadable = testResults.filter(
    ({ status, assertionResults }) => status === 'failed' && !assertionResults.length,
  );
  const skipped = numPendingTests + numTodoTests;
  return `${numPassedTests} passed, ${numFailedTests + unloadable.length} failed${skipped ? `, ${skipped} skipped` : ''}`;
}

function readResults() {
  return JSON.parse(readFileSync(RESULTS, 'utf8'));
}

if (isMain(import.meta.url)) {
  rmSync(RESULTS, { force: true });
  const reporters = ['--reporter=default', '--reporter=json', `--outputFile.json=${RESULTS}`];
  const { code } = await run([bin('vitest'), 'run', ...reporters]);
  process.exitCode = code;

  const files = readResults().testResults.map(({ name }) => name);
  const expected = { unit: '.test.ts', sim: '.sim.ts', ...(findChromium() && { browser: '.browser.ts' }) };
  for (const [project, suffix] of Object.entries(expected)) {
    if (files.some((file) => file.endsWith(suffix))) continue;
    console.error(`The project "${project}" ran no test: no packages/*/test/**/*${suffix} was found.`);
    process.exitCode = 1;
  }
  if (!expected.browser) console.log(`SKIPPED ${BROWSER_TESTS}: no Chromium.`);
}
