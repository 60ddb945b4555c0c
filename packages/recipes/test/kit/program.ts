/** Programs of documents as processes: servers on a free port, and tests that end. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { dirname } from 'node:path';
import type { Block, Document } from './document.js';
import type { Workspace } from './workspace.js';

const PRELOAD = new URL('listen-anywhere.mjs', import.meta.url).href;

/** Much more than anything here takes; what waits longer has failed. */
export const DEADLINE_MS = 10_000;

export interface RunningServer {
  /** `127.0.0.1:41234`: what stands for `localhost:3000`. */
  readonly host: string;
  readonly cwd: string;
  /** The folder of the document's programs. */
  readonly programs: string;
  /** What it has written to its standard error. */
  readonly complaints: string;
  stop(): Promise<void>;
}

/** Starts the server of a block. Rejects with what it says if it ends, or does not listen, instead. */
export async function startServer(workspace: Workspace, document: Document, block: Block): Promise<RunningServer> {
  const cwd = workspace.cwdOf(document, block);
  const program = workspace.programOf(document, block);
  const child = start(['--import', PRELOAD, program], cwd, true);
  let complaints = '';
  child.stderr?.setEncoding('utf8').on('data', (text: string) => {
    complaints += text;
  });
  child.stdout?.resume();
  const over = once(child, 'close');
  const where = `${document.path}:${block.line}: the server`;
  const address = await Promise.race([
    once(child, 'message', { signal: AbortSignal.timeout(DEADLINE_MS) }).catch(() => undefined),
    over.then(() => undefined),
  ]);
  if (!address) {
    killGroup(child);
    await over;
    throw new Error(`${where} does not listen on port 3000. ${complaints}`);
  }
  const { address: host, family, port } = address[0] as AddressInfo;
  return {
    host: `${isAny(host) ? '127.0.0.1' : family === 'IPv6' ? `[${host}]` : host}:${port}`,
    cwd,
    programs: dirname(program),
    get complaints() {
      return complaints;
    },
    async stop() {
      child.kill();
      const timer = setTimeout(() => killGroup(child), DEADLINE_MS);
      await over;
      clearTimeout(timer);
      killGroup(child);
    },
  };
}

/** Runs the test of a block to its end. Rejects with what it says if it fails. */
export async function runTest(workspace: Workspace, document: Document, block: Block): Promise<void> {
  const child = start(
    ['--test-reporter=tap', workspace.programOf(document, block)],
    workspace.cwdOf(document, block),
    false,
  );
  const timer = setTimeout(() => killGroup(child), DEADLINE_MS);
  let output = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream?.setEncoding('utf8').on('data', (text: string) => {
      output += text;
    });
  }
  const [code] = await once(child, 'close');
  clearTimeout(timer);
  const passed = Number(/^# pass (\d+)$/m.exec(output)?.[1] ?? 0);
  if (code !== 0 || passed === 0) {
    throw new Error(`${document.path}:${block.line}: ${block.file} fails (${code}, ${passed} passed). ${output}`);
  }
}

function start(args: readonly string[], cwd: string, ipc: boolean): ChildProcess {
  const env = { ...process.env, NODE_OPTIONS: '', NODE_ENV: 'development', NODE_TEST_CONTEXT: undefined };
  // A process group of its own: what it has started ends with it.
  return spawn(process.execPath, args, {
    cwd,
    env,
    detached: true,
    stdio: ['ignore', 'pipe', 'pipe', ...(ipc ? ['ipc' as const] : [])],
  });
}

/** Ends a process and all that it has started. */
export function killGroup({ pid }: ChildProcess): void {
  // It was never started. (The group 0 would be our own.)
  if (!pid) return;
  try {
    process.kill(-pid, 'SIGKILL');
  } catch {
    // They have ended.
  }
}

function isAny(host: string): boolean {
  return host === '::' || host === '0.0.0.0';
}
