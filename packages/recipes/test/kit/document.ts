/**
 * Document: a Markdown file as the blocks of code in it. Pure but for the reading.
 *
 * The rules: a fence's `title="server.ts"` is the name of the file; blocks of one document can import each other by it. What
 * imports something runs in Node, other scripts, and those named `*.client.*`, in a browser. A Node block that listens on port 3000
 * is a server, one named `*.test.*` a test. A comment `<!-- before: ... -->` right above a fence is code that readers need not see.
 * A `console` fence is a terminal: its commands are for every server above it, and its `node x.ts` is the block of that name.
 * `page.client.*` stands in for the script of `index.html`.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { basename, join, relative } from 'node:path';

const ROOT = new URL('../../../../', import.meta.url).pathname;

/** Where a block of code runs. */
type Place = 'node' | 'browser' | 'page' | 'terminal' | 'nowhere';

export interface Block {
  /** Line of the first line of code, from 1. */
  readonly line: number;
  readonly language: string;
  /** File name: the title, or one made of the line. */
  readonly file: string;
  readonly text: string;
  readonly place: Place;
  /** Hidden code before it, and its line. */
  readonly before: { readonly line: number; readonly text: string } | undefined;
}

export interface Document {
  /** Relative to the repository. */
  readonly path: string;
  /** The folder of its blocks. */
  readonly name: string;
  readonly blocks: readonly Block[];
}

/** Everything that users copy code from. */
export function readDocumentation(): Document[] {
  const folders = ['docs/recipes', 'docs/guides', 'docs/guides/stores', 'docs/deploy'];
  const files = folders.flatMap((folder) =>
    readdirSync(join(ROOT, folder))
      .filter((file) => file.endsWith('.md'))
      .map((file) => join(ROOT, folder, file)),
  );
  return [join(ROOT, 'README.md'), ...files].map(readDocument);
}

export function readDocument(file: string): Document {
  const path = relative(ROOT, file);
  const name = path.replace(/\.md$/, '').replaceAll('/', '-');
  return { path, name, blocks: parseBlocks(readFileSync(file, 'utf8'), basename(file)) };
}

const FENCE = /^( *)(`{3,})(\w*)(.*)$/;

/** @throws Error for a fence that does not end, and for two blocks of one name. */
export function parseBlocks(markdown: string, name = 'the document'): Block[] {
  const lines = markdown.split('\n');
  const blocks: Block[] = [];
  for (let index = 0; index < lines.length; index++) {
    const [, indent = '', fence, language = '', info = ''] = FENCE.exec(lines[index] ?? '') ?? [];
    if (!fence) continue;
    const start = index + 1;
    const end = lines.findIndex((line, at) => at >= start && line.trim() === fence);
    if (end === -1) throw new Error(`${name}:${start}: this block of code does not end`);
    const text = lines.slice(start, end).map((line) => (line.startsWith(indent) ? line.slice(indent.length) : line));
    blocks.push(toBlock(language, info, text.join('\n'), start + 1, hiddenBefore(lines, index)));
    index = end;
  }
  const twice = blocks.find((block, index) => blocks.findIndex(({ file }) => file === block.file) !== index);
  if (twice) throw new Error(`${name}:${twice.line}: a second block of the name ${twice.file}`);
  return blocks;
}

function toBlock(language: string, info: string, text: string, line: number, before: Block['before']): Block {
  const file = /title="([^"]+)"/.exec(info)?.[1] ?? `block-${line}.${language || 'txt'}`;
  const place = placeOf(language, file, `${before?.text ?? ''}\n${text}`);
  return { line, language, file, text, place, before };
}

function placeOf(language: string, file: string, code: string): Place {
  if (language === 'console') return 'terminal';
  if (language === 'html') return 'page';
  if (language !== 'ts' && language !== 'js') return 'nowhere';
  if (/\.client\.[jt]s$/.test(file)) return 'browser';
  return /^(?:import|export) /m.test(code) ? 'node' : 'browser';
}

/** The hidden code whose comment ends on the line above `index`. */
function hiddenBefore(lines: readonly string[], index: number): Block['before'] {
  if (lines[index - 1] !== '-->') return undefined;
  const start = lines.lastIndexOf('<!-- before:', index - 1);
  if (start === -1) return undefined;
  return { line: start + 2, text: lines.slice(start + 1, index - 1).join('\n') };
}

const LISTENS = /\.listen\((?:3000|\{ port: 3000\b)/;

/** The blocks that are started as servers. */
export function serversOf({ blocks }: Document): Block[] {
  return blocks.filter(({ place, file, text }) => place === 'node' && !isTest(file) && LISTENS.test(text));
}

/** The terminals whose commands are for `server`. */
export function terminalsFor({ blocks }: Document, server: Block): Block[] {
  return blocks.slice(blocks.indexOf(server)).filter(({ place }) => place === 'terminal');
}

/** The terminals that no server is above of: nobody would run them. */
export function idleTerminalsOf(document: Document): Block[] {
  const [first] = serversOf(document);
  const busy = first ? terminalsFor(document, first) : [];
  return document.blocks.filter((block) => block.place === 'terminal' && !busy.includes(block));
}

/** The blocks that a terminal runs. */
export function scriptsOf({ blocks }: Document): Block[] {
  const commands = blocks.filter(({ place }) => place === 'terminal').map(({ text }) => text);
  return blocks.filter(
    ({ place, file }) => place === 'node' && commands.some((text) => text.includes(`$ node ${file}`)),
  );
}

/** The block that can take the place of the page's script. */
export function pageClientOf({ blocks }: Document): Block | undefined {
  return blocks.find(({ file }) => /^page\.client\.[jt]s$/.test(file));
}

/** The blocks that are run as tests. */
export function testsOf({ blocks }: Document): Block[] {
  return blocks.filter(({ place, file }) => place === 'node' && isTest(file));
}

function isTest(file: string): boolean {
  return /\.test\.[jt]s$/.test(file);
}
