/** The demo as people start it: a program, with its server in a process of its own. Bundled from the sources: Node 20 reads no TypeScript. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { rm } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { createInterface } from 'node:readline';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { afterAll, beforeAll, onTestFinished } from 'vitest';
import { Inbox } from './inbox.js';

const PACKAGES = fileURLToPath(new URL('../../', import.meta.url));
const OUT = `${PACKAGES}demo/node_modules/.program-${process.pid}`;

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
  beforeAll(build, 60_000);
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
  const child = spawn(process.execPath, [`${OUT}/main.js`, ...args], { env });
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

async function build(): Promise<void> {
  const { build } = await loadVite();
  // The native part of a package of ours, which the demo's own folder does not know.
  const lmdb = pathToFileURL(createRequire(`${PACKAGES}store-lmdb/package.json`).resolve('lmdb')).href;
  await build({
    configFile: false,
    logLevel: 'error',
    plugins: [
      {
        name: 'lmdb',
        enforce: 'pre',
        resolveId: (id: string) => (id === 'lmdb' ? { id: lmdb, external: true } : undefined),
      },
    ],
    resolve: {
      alias: [
        { find: /^@headwater\/([^/]+)$/, replacement: `${PACKAGES}$1/src/index.ts` },
        { find: /^@headwater\/([^/]+)\/(.+)$/, replacement: `${PACKAGES}$1/src/$2/index.ts` },
      ],
    },
    ssr: { noExternal: true, external: ['express', 'fastify', 'eventsource'] },
    build: {
      ssr: true,
      outDir: OUT,
      minify: false,
      rolldownOptions: {
        input: { main: `${PACKAGES}demo/src/main.ts` },
        output: { chunkFileNames: '[name].js' },
      },
    },
  });
}

/** Vitest brings it along. */
async function loadVite(): Promise<{ build(config: object): Promise<unknown> }> {
  const vitest = createRequire(import.meta.url).resolve('vitest');
  return import(pathToFileURL(createRequire(vitest).resolve('vite')).href);
}
