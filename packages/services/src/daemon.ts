/**
 * Daemon: a server process that a test started, and everything that may befall it.
 * Invariant: it is gone with the process that started it, and so is the folder that was made for it.
 */
import { type ChildProcess, type StdioOptions, spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { childrenOf, signal } from './processes.js';

/** How a server is run. */
export interface DaemonOptions {
  readonly program: string;
  readonly args: readonly string[];
  readonly dir: string;
  /** Whether it answers. Asked again and again until it does. */
  readonly isReady: () => Promise<boolean>;
  /** Whom it runs as, where that is not the user of this process. */
  readonly user?: { readonly uid: number; readonly gid: number } | undefined;
  /** Variables beside those of this process. */
  readonly env?: Readonly<Record<string, string>> | undefined;
  /** What asks it to end in order. Default SIGTERM. */
  readonly stopSignal?: NodeJS.Signals;
}

const PATIENCE_MS = 15_000;

const running = new Set<ChildProcess>();
const folders = new Set<string>();

process.once('exit', () => {
  for (const { pid } of running) for (const one of pid ? [...childrenOf(pid), pid] : []) signal(one, 'SIGKILL');
  for (const folder of folders) rmSync(folder, { recursive: true, force: true });
});

/** A new folder that goes with this process. */
export function temporaryFolder(name: string): string {
  const folder = mkdtempSync(join(tmpdir(), `headwater-${name}-`));
  folders.add(folder);
  return folder;
}

export function removeFolder(folder: string): void {
  if (folders.delete(folder)) rmSync(folder, { recursive: true, force: true });
}

export class Daemon {
  readonly #options: DaemonOptions;
  #child: ChildProcess | undefined;
  #exit: Promise<void> = Promise.resolve();

  constructor(options: DaemonOptions) {
    this.#options = options;
  }

  /** Starts it and waits until it answers. */
  async start(): Promise<void> {
    const { program, args, dir, isReady, user, env } = this.#options;
    let output = '';
    const stdio = ['ignore', 'pipe', 'pipe'] satisfies StdioOptions;
    const child = spawn(program, args, { cwd: dir, stdio, env: { ...process.env, ...env }, ...user });
    this.#child = child;
    running.add(child);
    const note = (chunk: Buffer) => {
      output = (output + chunk.toString()).slice(-4_000);
    };
    child.stdout?.on('data', note);
    child.stderr?.on('data', note);
    this.#exit = new Promise<void>((resolve) => {
      child.once('error', (error) => {
        note(Buffer.from(String(error)));
        resolve();
      });
      child.once('exit', () => resolve());
    }).then(() => {
      running.delete(child);
      if (this.#child === child) this.#child = undefined;
    });
    const deadline = performance.now() + PATIENCE_MS;
    while (!(await isReady())) {
      if (!this.#child) throw new Error(`${program} has ended: ${output}`);
      if (performance.now() > deadline) throw new Error(`${program} does not answer: ${output}`);
      await delay(10);
    }
  }

  /** The id of its process, while it runs. */
  get pid(): number | undefined {
    return this.#child?.pid;
  }

  /** Ends it in order, and waits for that. */
  stop(): Promise<void> {
    return this.#end(this.#options.stopSignal ?? 'SIGTERM');
  }

  /** Ends it as a crash does. */
  kill(): Promise<void> {
    return this.#end('SIGKILL');
  }

  /** Freezes it: it keeps its connections and says nothing. */
  pause(): void {
    this.#child?.kill('SIGSTOP');
  }

  resume(): void {
    this.#child?.kill('SIGCONT');
  }

  async #end(signal: NodeJS.Signals): Promise<void> {
    this.#child?.kill(signal);
    // Else one that is frozen would never hear of it.
    this.resume();
    await this.#exit;
  }
}
