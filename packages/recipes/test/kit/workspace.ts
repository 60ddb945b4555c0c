/**
 * Workspace: the blocks of documents as files that tools can work with, and as programs that Node 20 can run.
 * Invariant: a line of a file has the number that it has in its document, so that an error points at the place to mend.
 */
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { loadVite, SOURCES } from '@headwater/services';
import { afterAll, beforeAll } from 'vitest';
import { type Block, type Document, pageClientOf, scriptsOf, serversOf, testsOf } from './document.js';

const PACKAGE = new URL('../../', import.meta.url).pathname;
export const PACKAGES: string = new URL('../../../', import.meta.url).pathname;

let made = 0;

/** To be called once, at the top of a file of tests: what it answers is there while they run. */
export function useWorkspace(documents: readonly Document[]): Workspace {
  const workspace = new Workspace(documents);
  beforeAll(() => workspace.prepare());
  afterAll(() => workspace.remove());
  return workspace;
}

export class Workspace {
  readonly documents: readonly Document[];
  readonly folder: string;

  constructor(documents: readonly Document[]) {
    this.documents = documents;
    this.folder = join(PACKAGE, `node_modules/.workspace-${process.pid}-${++made}`);
  }

  /** Writes the blocks into a folder from which everything resolves that documents may import, and makes programs of them. */
  async prepare(): Promise<void> {
    for (const document of this.documents) {
      for (const block of document.blocks) {
        if (block.place === 'terminal' || block.place === 'nowhere') continue;
        this.#write(this.sourceOf(document, block), block.place === 'page' ? block.text : padded(block));
        if (block.place === 'page') this.#write(join(this.folder, 'run', document.name, block.file), block.text);
      }
    }
    await Promise.all([this.#bundle(), ...this.documents.map((document) => this.#bundlePage(document))]);
  }

  sourceOf(document: Document, block: Block): string {
    return join(this.folder, 'source', document.name, block.file);
  }

  /** The program of a server, a test or a script, or what a browser runs of a page's client. */
  programOf(document: Document, block: Block): string {
    return join(this.folder, 'run', document.name, block.file.replace(/\.ts$/, '.js'));
  }

  /** A folder of its own for a program to work in. */
  cwdOf(document: Document, block: Block): string {
    const cwd = join(this.folder, 'cwd', document.name, block.file);
    mkdirSync(cwd, { recursive: true });
    return cwd;
  }

  /** Removes types, and bundles the packages from their sources. */
  async #bundle(): Promise<void> {
    const programs = this.documents.flatMap((document) =>
      [...serversOf(document), ...testsOf(document), ...scriptsOf(document)].map((block) => [
        this.programOf(document, block).slice(`${this.folder}/run/`.length, -'.js'.length),
        this.sourceOf(document, block),
      ]),
    );
    const { build } = await loadVite();
    await build({
      configFile: false,
      root: this.folder,
      logLevel: 'error',
      resolve: { alias: SOURCES },
      ssr: { noExternal: true, external: installed() },
      build: {
        ssr: true,
        outDir: join(this.folder, 'run'),
        emptyOutDir: false,
        minify: false,
        rolldownOptions: {
          input: Object.fromEntries(programs),
          output: { entryFileNames: '[name].js', chunkFileNames: 'shared/[name]-[hash].js' },
        },
      },
    });
  }

  /** Makes one file of the client of a page, and of all that it imports. */
  async #bundlePage(document: Document): Promise<void> {
    const client = pageClientOf(document);
    if (!client) return;
    const { build } = await loadVite();
    await build({
      configFile: false,
      root: this.folder,
      logLevel: 'error',
      resolve: { alias: SOURCES },
      build: {
        outDir: join(this.folder, 'run', document.name),
        emptyOutDir: false,
        minify: false,
        rolldownOptions: {
          input: this.sourceOf(document, client),
          output: { entryFileNames: client.file.replace(/\.ts$/, '.js') },
        },
      },
    });
  }

  remove(): void {
    rmSync(this.folder, { recursive: true, force: true });
  }

  #write(file: string, text: string): void {
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, text);
  }
}

function padded({ line, text, before }: Block): string {
  const lines: string[] = Array.from({ length: line - 1 }, () => '');
  for (const [index, hidden] of before?.text.split('\n').entries() ?? [])
    lines[(before?.line ?? 1) - 1 + index] = hidden;
  return `${[...lines, text].join('\n')}\n`;
}

/** What documents import from elsewhere: it stays outside of the bundle. */
function installed(): string[] {
  const { devDependencies } = JSON.parse(readFileSync(join(PACKAGE, 'package.json'), 'utf8'));
  return Object.keys(devDependencies).filter((name) => !name.startsWith('@headwater/'));
}
