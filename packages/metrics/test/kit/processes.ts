/** Servers in processes of their own, so that what they hold is theirs alone. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { rm } from 'node:fs/promises';
import { bundle } from '@headwater/services';
import { afterAll, beforeAll, onTestFinished } from 'vitest';

const PACKAGE = new URL('../../', import.meta.url);
/** As deep in the tree as the sources, so that paths relative to them stay what they are. */
const OUT = new URL(`node_modules/.processes-${process.pid}/`, PACKAGE);

const SCRIPTS = {
  server: new URL('test/children/server.ts', PACKAGE).pathname,
  demo: new URL('../demo/src/main.ts', PACKAGE).pathname,
} as const;

type Name = keyof typeof SCRIPTS;

/** To be called once, at the top of a file. The answer starts a script, and resolves to the first URL that it prints. It ends with the test. */
export function useProcesses(...names: Name[]): (name: Name, ...args: string[]) => Promise<string> {
  beforeAll(() => bundle(Object.fromEntries(names.map((name) => [name, SCRIPTS[name]])), OUT), 60_000);
  afterAll(() => rm(OUT, { recursive: true, force: true }));
  return start;
}

async function start(name: Name, ...args: string[]): Promise<string> {
  const env = { ...process.env, NODE_OPTIONS: '', NODE_ENV: 'production' };
  const child = spawn(process.execPath, [new URL(`${name}.js`, OUT).pathname, ...args], { env });
  const ended = once(child, 'close');
  onTestFinished(async () => {
    child.kill('SIGKILL');
    await ended;
  });
  let output = '';
  return new Promise((resolve, reject) => {
    const read = (text: string) => {
      output += text;
      const url = /https?:\/\/\S+(?=\s)/.exec(output)?.[0];
      if (url) resolve(url.replace(/\/$/, ''));
    };
    child.stdout.setEncoding('utf8').on('data', read);
    child.stderr.setEncoding('utf8').on('data', read);
    ended.then(() => reject(new Error(`${name} has ended: ${output}`)));
  });
}
