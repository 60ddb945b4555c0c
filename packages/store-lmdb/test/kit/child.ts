/** Scripts of test/children in processes of their own. They are bundled from the sources first: Node 20 reads no TypeScript. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { rm } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { createInterface } from 'node:readline';
import { pathToFileURL } from 'node:url';

const PACKAGE = new URL('../../', import.meta.url);
const OUT = new URL(`node_modules/.children-${process.pid}/`, PACKAGE);

/** Bundles everything but LMDB. */
export async function buildChildren(names: readonly string[]): Promise<void> {
  const { build } = await loadVite();
  const source = (path: string) => new URL(`../${path}`, PACKAGE).pathname;
  await build({
    configFile: false,
    logLevel: 'error',
    resolve: {
      alias: [
        { find: /^@headwater\/([^/]+)$/, replacement: source('$1/src/index.ts') },
        { find: /^@headwater\/([^/]+)\/(.+)$/, replacement: source('$1/src/$2/index.ts') },
      ],
    },
    ssr: { noExternal: true, external: ['lmdb'] },
    build: {
      ssr: true,
      outDir: OUT.pathname,
      minify: false,
      rolldownOptions: {
        input: Object.fromEntries(names.map((name) => [name, source(`store-lmdb/test/children/${name}.ts`)])),
        output: { chunkFileNames: '[name].js' },
      },
    },
  });
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

/** Vitest brings it along. */
async function loadVite(): Promise<{ build(config: object): Promise<unknown> }> {
  const vitest = createRequire(import.meta.url).resolve('vitest');
  return import(pathToFileURL(createRequire(vitest).resolve('vite')).href);
}
