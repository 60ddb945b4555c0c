/** The demo as people start it: a program, with its server in a process of its own. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { rm } from 'node:fs/promises';
import { createInterface } from 'node:readline';
import { bundle } from '@headwater/services';
import { afterAll, beforeAll, onTestFinished } from 'vitest';
import { Inbox } from './inbox.js';

const DEMO = new URL('../', import.meta.url);
const OUT = new URL(`node_modules/.program-${process.pid}/`, DEMO);

export interface Program {
  /** What it has printed. */
  readonly printed: Inbox<string>;
  readonly complaints: readonly string[];
  /** Resolves once it has said where it is. */
  readonly ready: Promise<{ expressUrl: string; fastifyUrl: string }>;
  readonly child: ChildProcess;
  /** Its exit code. */
  readonly ended: Promise<number | null>;
}

/** To be called once, at the top of a file. The answer starts the program, which is ended when the test is done. */
export function useProgram(): (...args: string[]) => Program {
  beforeAll(() => bundle({ main: `${DEMO.pathname}src/main.ts` }, OUT), 60_000);
  afterAll(() => rm(OUT, { recursive: true, force: true }));
  return (...args) => {
    const program = start(args);
    onTestFinished(async () => {
      if (program.child.exitCode === null) program.child.kill('SIGTERM');
      await program.ended;
    });
    return program;
  };
}

function start(args: readonly string[]): Program {
  const env = { ...process.env, NODE_OPTIONS: '', NODE_ENV: 'test' };
  const child = spawn(process.execPath, [`${OUT.pathname}main.js`, ...args], { env });
  const printed = new Inbox<string>();
  const complaints: string[] = [];
  const ended = once(child, 'close').then(() => child.exitCode);
  createInterface({ input: child.stderr }).on('line', (line) => complaints.push(line));
  const ready = new Promise<{ expressUrl: string; fastifyUrl: string }>((resolve, reject) => {
    createInterface({ input: child.stdout }).on('line', (line) => {
      printed.put(line);
      if (!line.startsWith('Ctrl-C')) return;
      const url = (name: string) =>
        /http:\S+?\/(?=events|$)/.exec(printed.items.find((it) => it.startsWith(name)) ?? '');
      resolve({ expressUrl: url('Express')?.[0] ?? '', fastifyUrl: url('Fastify')?.[0] ?? '' });
    });
    void ended.then((code) => reject(new Error(`The demo has ended with ${code}: ${complaints.join('\n')}`)));
  });
  // Not every test waits for it.
  ready.catch(() => {});
  return { printed, complaints, ready, child, ended };
}
