/** Scripts of test/children in processes of their own. They are bundled from the sources first: Node 20 reads no TypeScript. */
import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { rm } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { pathToFileURL } from 'node:url';
import { onTestFinished } from 'vitest';
import { DEADLINE_MS } from './wait.js';

/** What the process has said until its end. `code` is null where a signal ended it. */
export interface Ended {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

const SUITE = new URL('../../', import.meta.url);
/** As deep in the tree as the sources, so that paths relative to them stay what they are. */
const OUT = new URL(`node_modules/.children-${process.pid}/`, SUITE);

/** Bundles everything but the frameworks. */
export async function buildChildren(names: readonly string[]): Promise<void> {
  const { build } = await loadVite();
  const source = (path: string) => new URL(`../${path}`, SUITE).pathname;
  await build({
    configFile: false,
    logLevel: 'error',
    resolve: {
      alias: [
        { find: /^@headwater\/([^/]+)$/, replacement: source('$1/src/index.ts') },
        { find: /^@headwater\/([^/]+)\/(.+)$/, replacement: source('$1/src/$2/index.ts') },
      ],
    },
    ssr: { noExternal: true, external: ['compression', 'express', 'express4', 'fastify'] },
    build: {
      ssr: true,
      outDir: OUT.pathname,
      minify: false,
      rolldownOptions: {
        input: Object.fromEntries(names.map((name) => [name, source(`suite/test/children/${name}.ts`)])),
        output: { chunkFileNames: '[name].js' },
      },
    },
  });
}

export async function removeChildren(): Promise<void> {
  await rm(OUT, { recursive: true, force: true });
}

/** Runs a script with the process defaults of Node, unhandled rejections included. */
export function runChild(name: string, ...args: string[]): Promise<Ended> {
  const script = new URL(`${name}.js`, OUT).pathname;
  const env = { ...process.env, NODE_OPTIONS: '', NODE_ENV: 'test' };
  return new Promise((resolve) => {
    const child = execFile(
      process.execPath,
      [script, ...args],
      { env, timeout: DEADLINE_MS },
      (_error, stdout, stderr) => resolve({ code: child.exitCode, stdout, stderr }),
    );
  });
}

/** A script that goes on until it is told to end. `said` resolves to its first words. */
export async function startChild(name: string, ...args: string[]): Promise<Running> {
  const env = { ...process.env, NODE_OPTIONS: '', NODE_ENV: 'test' };
  const child = spawn(process.execPath, [new URL(`${name}.js`, OUT).pathname, ...args], { env });
  onTestFinished(() => void child.kill('SIGKILL'));
  const output = { stdout: '', stderr: '' };
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    output.stdout += text;
  });
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    output.stderr += text;
  });
  const ended = once(child, 'close').then(([code]) => ({ code: code as number | null, ...output }));
  await Promise.race([once(child.stdout, 'data'), ended]);
  return { said: output.stdout.trim(), ended, signal: (signal) => void child.kill(signal) };
}

export interface Running {
  readonly said: string;
  readonly ended: Promise<Ended>;
  signal(signal: NodeJS.Signals): void;
}

/** Vitest brings it along. */
async function loadVite(): Promise<{ build(config: object): Promise<unknown> }> {
  const vitest = createRequire(import.meta.url).resolve('vitest');
  return import(pathToFileURL(createRequire(vitest).resolve('vite')).href);
}
