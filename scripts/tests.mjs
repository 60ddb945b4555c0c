// Runs every Vitest project and fails when one that should have tests finds none.
import { readFileSync, rmSync } from 'node:fs';
import { relative } from 'node:path';
import { BROWSER_TESTS, findChromium } from './chromium.mjs';
import { isMain } from './is-main.mjs';
import { bin, CACHE, run } from './run.mjs';

const RESULTS = `${CACHE}/vitest.json`;

/** What sums the last run up: a line for each test that failed, and `N passed, N failed`, with `, N skipped` when there were any. */
export function tally() {
  const { numPassedTests, numPendingTests, numTodoTests, testResults } = readResults();
  const failures = testResults.filter(({ status }) => status === 'failed').flatMap(failuresOf);
  const skipped = numPendingTests + numTodoTests;
  const sum = `${numPassedTests} passed, ${failures.length} failed${skipped ? `, ${skipped} skipped` : ''}`;
  return [...failures, sum].join('\n');
}

function failuresOf({ name, message, assertionResults }) {
  const file = relative('.', name);
  // A file that cannot be loaded fails without a failed test.
  if (assertionResults.length === 0) return [`FAILED: ${file}: ${firstLine(message)}`];
  return assertionResults
    .filter(({ status }) => status === 'failed')
    .map(({ fullName, failureMessages }) => `FAILED: ${file} > ${fullName}: ${firstLine(failureMessages[0])}`);
}

const firstLine = (text = '') => text.split('\n', 1)[0];

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
