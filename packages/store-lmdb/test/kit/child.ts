/** Scripts of test/children in processes of their own. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { rm } from 'node:fs/promises';
import { createInterface } from 'node:readline';
import { bundle } from '@headwater/services';

const PACKAGE = new URL('../../', import.meta.url);
const OUT = new URL(`node_modules/.children-${process.pid}/`, PACKAGE);

/** Makes the scripts of these names. */
export function buildChildren(names: readonly string[]): Promise<void> {
  return bundle(Object.fromEntries(names.map((name) => [name, `${PACKAGE.pathname}test/children/${name}.ts`])), OUT);
}

export async function removeChildren(): Promise<void> {
  await rm(OUT, { recursive: true, force: true });
}

export function childScript(name: string): string {
  return new URL(`${name}.js`, OUT).pathname;
}

/** A running script, and the lines that it has printed. */
export class Child {
  readonly lines: string[] = [];
  readonly process: ChildProcess;
  readonly #ended: Promise<unknown>;
  #onLine: () => void = () => {};
  #stderr = '';

  constructor(name: string, args: readonly string[], options: { readonly uid?: number } = {}) {
    const env = { ...process.env, NODE_OPTIONS: '', NODE_ENV: 'test' };
    this.process = spawn(process.execPath, [childScript(name), ...args], { env, ...options });
    createInterface({ input: this.process.stdout as NodeJS.ReadableStream }).on('line', (line) => {
      this.lines.push(line);
      this.#onLine();
    });
    this.process.stderr?.on('data', (data) => {
      this.#stderr += String(data);
    });
    this.#ended = once(this.process, 'close').then(() => this.#onLine());
  }

  /** Resolves once the lines satisfy `condition`; fails where the process ends before that. */
  async until(condition: (lines: readonly string[]) => boolean): Promise<void> {
    while (!condition(this.lines)) {
      const isOver = this.process.exitCode !== null || this.process.signalCode !== null;
      if (isOver) throw new Error(`the process ended: ${this.process.exitCode} ${this.#stderr}`);
      await new Promise<void>((resolve) => {
        this.#onLine = resolve;
      });
    }
  }

  say(line: string): void {
    this.process.stdin?.write(`${line}\n`);
  }

  /** Resolves with the exit code, null where a signal ended it, once all its lines are here. */
  async ended(): Promise<number | null> {
    await this.#ended;
    return this.process.exitCode;
  }

  async kill(): Promise<void> {
    this.process.kill('SIGKILL');
    await this.#ended;
  }
}
