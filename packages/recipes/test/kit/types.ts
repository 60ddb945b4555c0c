/** Types: the compiler's opinion of every block of a workspace, in one run. Server code knows no DOM, page code no Node. */
import { execFile } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { PACKAGES, type Workspace } from './workspace.js';

const TSC = join(PACKAGES, '../node_modules/.bin/tsc');

const CLIENT = {
  '@headwater/client': [`${PACKAGES}client/src/index.ts`],
  '@headwater/client/*': [`${PACKAGES}client/src/*/index.ts`],
};

const COMMON = {
  target: 'es2023',
  noEmit: true,
  skipLibCheck: true,
  allowJs: true,
  checkJs: true,
  moduleDetection: 'force',
};

const SERVER = {
  ...COMMON,
  lib: ['es2023'],
  module: 'nodenext',
  types: ['node'],
  strict: true,
  noUncheckedIndexedAccess: true,
  exactOptionalPropertyTypes: true,
  noImplicitOverride: true,
  noFallthroughCasesInSwitch: true,
  erasableSyntaxOnly: true,
  verbatimModuleSyntax: true,
  paths: {
    ...CLIENT,
    '@headwater/core/node': [`${PACKAGES}core/src/node/index.ts`],
    '@headwater/*': [`${PACKAGES}*/src/index.ts`],
  },
};

// Scripts of a page say nothing of types: what is left to find is what does not exist.
const PAGE = {
  ...COMMON,
  lib: ['es2023', 'dom', 'dom.iterable'],
  module: 'esnext',
  moduleResolution: 'bundler',
  types: [],
  strict: false,
  paths: CLIENT,
};

const BROWSER = { ...PAGE, strict: true, noUncheckedIndexedAccess: true };

/** What is wrong, each line `docs/recipes/chat-room.md:12: message`. Errors of the sources themselves are not looked at. */
export async function checkTypes(workspace: Workspace): Promise<string[]> {
  const files: Record<'node' | 'browser' | 'page', string[]> = { node: [], browser: [], page: [] };
  for (const document of workspace.documents) {
    for (const block of document.blocks) {
      const source = workspace.sourceOf(document, block);
      if (block.place === 'page') files.page.push(...writeScripts(source, block.line, block.text));
      else if (block.place === 'node' || block.place === 'browser') {
        files[block.language === 'js' && block.place === 'browser' ? 'page' : block.place].push(source);
      }
    }
  }
  const configs = [
    writeConfig(workspace, 'node', SERVER, files.node),
    writeConfig(workspace, 'browser', BROWSER, files.browser),
    writeConfig(workspace, 'page', PAGE, files.page),
  ].filter((config) => config !== undefined);
  return toProblems(await run([TSC, '-b', '--pretty', 'false', ...configs], workspace.folder), workspace);
}

/** The scripts of a page as files, at the lines that they have in the document. */
function writeScripts(page: string, line: number, html: string): string[] {
  return [...html.matchAll(/<script\b[^>]*>([\s\S]*?)<\/script>/g)].map((match, index) => {
    const begin = match.index + match[0].indexOf('>') + 1;
    const above = line - 1 + html.slice(0, begin).split('\n').length - 1;
    const file = `${page}.${index}.js`;
    writeFileSync(file, '\n'.repeat(above) + match[1]);
    return file;
  });
}

function writeConfig(workspace: Workspace, name: string, options: object, files: readonly string[]) {
  if (files.length === 0) return undefined;
  const config = join(workspace.folder, `tsconfig.${name}.json`);
  const tsBuildInfoFile = join(workspace.folder, `${name}.tsbuildinfo`);
  writeFileSync(config, JSON.stringify({ compilerOptions: { ...options, tsBuildInfoFile }, files }));
  return config;
}

function toProblems({ code, output }: { code: number | null; output: string }, workspace: Workspace): string[] {
  const problems: { order: number; line: number; text: string }[] = [];
  let isKnown = code === 0;
  for (const printed of output.split('\n')) {
    const [, file, line, message] = /^(\S+?)\((\d+),\d+\): error (.*)$/.exec(printed) ?? [];
    if (!file) continue;
    isKnown = true;
    const order = workspace.documents.findIndex(({ name }) => file.startsWith(`source/${name}/`));
    const text = `${workspace.documents[order]?.path}:${line}: ${message}`;
    if (order !== -1) problems.push({ order, line: Number(line), text });
  }
  if (!isKnown) throw new Error(`tsc failed: ${output}`);
  return problems.sort((a, b) => a.order - b.order || a.line - b.line).map(({ text }) => text);
}

function run([command = '', ...args]: string[], cwd: string): Promise<{ code: number | null; output: string }> {
  return new Promise((resolve) => {
    const child = execFile(command, args, { cwd, maxBuffer: 2 ** 24 }, (_error, stdout, stderr) =>
      resolve({ code: child.exitCode, output: stdout + stderr }),
    );
  });
}
