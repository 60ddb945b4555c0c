/** The packed packages, type-checked in an application by other versions of TypeScript, with `nodenext` and with a bundler's resolution. */
import { beforeAll, describe, expect, it } from 'vitest';
import { fetchPackage } from './kit/fetched.js';
import { run } from './kit/run.js';

/** The oldest that Fastify's types, with their `NoInfer`, and `"module": "preserve"` allow. */
const OLDEST = '5.4.5';

/** The first that the types of `pg` allow, and the last of each line since. The repository's own is 7. */
const VERSIONS = ['5.7.3', '5.9.3', '6.0.3'];

/** What the check of the packed packages says, with that compiler and its options. */
async function check(version: string, ...options: string[]) {
  const compiler = `${await fetchPackage('typescript', version)}/bin/tsc`;
  const { stdout: shown } = await run(process.execPath, [compiler, '--version']);
  expect(shown.trim()).toBe(`Version ${version}`);
  const { code, stdout, stderr } = await run(process.execPath, ['scripts/check-consumer.mjs', compiler, ...options]);
  return { code, output: stdout + stderr };
}

beforeAll(async () => {
  const { code, stderr } = await run(process.execPath, ['scripts/pack.mjs']);
  expect(code, stderr).toBe(0);
});

describe('the packages', { timeout: 300_000 }, () => {
  it.each(VERSIONS)('type-check with TypeScript %s', async (version) => {
    const { code, output } = await check(version);
    expect(code, output).toBe(0);
  });

  it(`type-check with TypeScript ${OLDEST} where the types of packages are taken as they are`, async () => {
    const { code, output } = await check(OLDEST, '--skipLibCheck');
    expect(code, output).toBe(0);
  });

  it(`have no types that TypeScript ${OLDEST} finds fault with: only those of pg have`, async () => {
    const { output } = await check(OLDEST);
    const files = [...output.matchAll(/^(.+)\(\d+,\d+\): error TS/gm)].map(([, file]) => file);
    expect(files.length, output).toBeGreaterThan(0);
    for (const file of files) expect(file).toMatch(/\/node_modules\/pg-protocol\//);
  });
});
