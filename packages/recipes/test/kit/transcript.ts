/**
 * Transcript: what a `console` block says that commands print. Pure.
 *
 * A line `$ command` begins a command (a `\` at its end goes on in the next line), the lines up to the next one are its output.
 * `<name>`, two letters or more, stands for one or more characters other than spaces, quotes and brackets; a name that ends in a digit, `<id1>`, for the
 * same text wherever it is written, in commands too.
 */
import type { Block } from './document.js';

export interface Command {
  /** Line in the document. */
  readonly line: number;
  readonly text: string;
  readonly output: readonly string[];
}

export function parseTranscript({ text, line: first }: Pick<Block, 'text' | 'line'>): Command[] {
  const commands: { line: number; text: string; output: string[] }[] = [];
  let goesOn = false;
  for (const [index, line] of text.split('\n').entries()) {
    const last = commands.at(-1);
    if (goesOn && last) last.text += `\n${line}`;
    else if (line.startsWith('$ ')) commands.push({ line: first + index, text: line.slice(2), output: [] });
    else if (last) last.output.push(line);
    else throw new Error(`line ${first + index}: a console block begins with "$ " and a command`);
    goesOn = (goesOn || line.startsWith('$ ')) && line.endsWith('\\');
  }
  return commands.map((command) => ({ ...command, output: withoutBlankEnd(command.output) }));
}

export function withoutBlankEnd(lines: readonly string[]): string[] {
  const end = lines.findLastIndex((line) => line !== '');
  return lines.slice(0, end + 1);
}

const PLACEHOLDER = /<([a-z]{2,})(\d*)>/g;

/** What the placeholders with a digit stand for. */
export class Bindings {
  readonly #values = new Map<string, string>();

  /** `text` with every known value in its place. */
  fill(text: string): string {
    return text.replaceAll(PLACEHOLDER, (whole) => this.#values.get(whole) ?? whole);
  }

  /** True where `text` holds a placeholder whose value is not known yet. */
  isOpen(text: string): boolean {
    return this.fill(text).search(PLACEHOLDER) !== -1;
  }

  /** True where `actual` is what `expected` says; remembers what its placeholders stand for. */
  matches(expected: string, actual: string): boolean {
    const names: string[] = [];
    let pattern = '';
    let end = 0;
    for (const { 0: whole, 2: digits, index } of this.fill(expected).matchAll(PLACEHOLDER)) {
      pattern += escaped(this.fill(expected).slice(end, index));
      end = index + whole.length;
      const known = digits === '' ? -1 : names.indexOf(whole);
      pattern += known === -1 ? '([^\\s"\'<>]+)' : `\\${known + 1}`;
      if (known === -1) names.push(whole);
    }
    const match = new RegExp(`^${pattern}${escaped(this.fill(expected).slice(end))}$`).exec(actual);
    if (!match) return false;
    for (const [index, name] of names.entries()) if (/\d>$/.test(name)) this.#values.set(name, match[index + 1] ?? '');
    return true;
  }
}

function escaped(text: string): string {
  return text.replaceAll(/[.*+?^${}()|[\]\\/-]/g, '\\$&');
}
