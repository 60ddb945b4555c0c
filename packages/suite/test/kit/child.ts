/** Scripts of test/children in processes of their own. */
import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { rm } from 'node:fs/promises';
import { bundle } from '@headwater/services';
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

/** Makes the scripts of these names. */
export function buildChildren(names: readonly string[]): Promise<void> {
  return bundle(Object.fromEntries(names.map((name) => [name, `${SUITE.pathname}test/children/${name}.ts`])), OUT);
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
