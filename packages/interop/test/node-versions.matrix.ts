/** The packages and the clients on other versions of Node: the unit tests as they are, run by another program. */
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { NODE_VERSIONS, nodeProgram } from './kit/node-versions.js';
import { run } from './kit/run.js';

const VITEST = join(dirname(createRequire(import.meta.url).resolve('vitest/package.json')), 'vitest.mjs');

/** What an application runs, Express in `suite`; the other stores' tests need servers of their own. */
const PACKAGES = ['core', 'fastify', 'client', 'testing', 'conformance', 'store-lmdb', 'suite'];

interface Test {
  readonly fullName: string;
  readonly status: string;
  readonly failureMessages: readonly string[];
}

/** What is used of Vitest's report. */
interface Report {
  readonly testResults: readonly {
    readonly message: string;
    readonly assertionResults: readonly Test[];
  }[];
}

describe.each(NODE_VERSIONS)('Node %s', (version) => {
  it('is that version', async () => {
    const { stdout } = await run(await nodeProgram(version), ['--version']);
    expect(stdout.trim()).toBe(`v${version}`);
  });

  it.each(PACKAGES)('runs the tests of %s', { timeout: 900_000 }, async (name) => {
    const { passed, failed } = await runTests(version, `packages/${name}/test/`);
    expect(failed).toEqual([]);
    expect(passed.length).toBeGreaterThan(0);
  });

  it('runs the clients, those among them that need it', { timeout: 900_000 }, async () => {
    const { passed, failed } = await runTests(version, 'packages/interop/test/node/');
    expect(failed).toEqual([]);
    for (const name of ['eventsource 4', 'eventsource 5', 'undici 8', 'the EventSource of Node']) {
      expect(passed.some((title) => title.includes(name))).toBe(true);
    }
  });
});

/** The names of the unit tests under `path` that passed on that version, and what is known of those that did not. */
async function runTests(version: string, path: string): Promise<{ passed: string[]; failed: string[] }> {
  const folder = await mkdtemp(join(tmpdir(), 'headwater-node-'));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  const output = join(folder, 'report.json');
  const { HEADWATER_MATRIX, ...env } = process.env;
  const { stderr } = await run(
    await nodeProgram(version),
    [VITEST, 'run', '--project', 'unit', '--reporter=json', `--outputFile=${output}`, path],
    { ...env, NODE_OPTIONS: '--experimental-eventsource' },
  );
  const report: Report = JSON.parse(await readFile(output, 'utf8').catch(() => Promise.reject(new Error(stderr))));
  const tests = report.testResults.flatMap(({ assertionResults }) => assertionResults);
  const didPass = ({ status }: Test) => status === 'passed';
  // A file that cannot be loaded fails without a failed test.
  const unloadable = report.testResults.filter(({ assertionResults }) => assertionResults.length === 0);
  return {
    passed: tests.filter(didPass).map(({ fullName }) => fullName),
    failed: [
      ...tests.filter((test) => !didPass(test)).map(describeFailure),
      ...unloadable.map(({ message }) => message),
    ],
  };
}

const describeFailure = ({ fullName, status, failureMessages }: Test): string =>
  [`${fullName}: ${status}`, ...failureMessages].join('\n');
