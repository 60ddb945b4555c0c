/** Project: the server of docs/deploy, built from what its README shows as its Dockerfile builds it. */
import { execFile } from 'node:child_process';
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll } from 'vitest';
import { readDocument } from '../../../recipes/test/kit/document.js';
import { pathOf } from './files.js';

const PACKAGE = new URL('../../', import.meta.url).pathname;
const TSC = new URL('../../../../node_modules/.bin/tsc', import.meta.url).pathname;

/** What the README's servers are called there. */
export const SERVERS = { Express: 'server', Fastify: 'server-fastify' } as const;

export type Framework = keyof typeof SERVERS;

export interface Project {
  readonly folder: string;
  readonly files: readonly string[];
}

/** To be called at the top of a file of tests: what it answers is there, and built, while they run. */
export function useProject(): Project {
  // From below this package everything resolves that the project depends on.
  const folder = join(PACKAGE, `node_modules/.project-${process.pid}`);
  const blocks = readDocument(pathOf('README.md')).blocks.filter(({ language }) => /^(ts|json)$/.test(language));
  beforeAll(async () => {
    mkdirSync(folder, { recursive: true });
    for (const { file, text } of blocks) writeFileSync(join(folder, file), text);
    await promisify(execFile)(TSC, ['-p', folder]);
  });
  afterAll(() => rmSync(folder, { recursive: true, force: true }));
  return { folder, files: blocks.map(({ file }) => file) };
}
