/** The files of docs/deploy, as they are there and as a test needs them. */
import { readFileSync } from 'node:fs';

const FOLDER = new URL('../../../../docs/deploy/', import.meta.url);

/** The path of one of them. */
export function pathOf(file: string): string {
  return new URL(file, FOLDER).pathname;
}

export function read(file: string): string {
  return readFileSync(pathOf(file), 'utf8');
}

/** The file with texts replaced, all of which it has to contain: nothing is tested beside what it says. @throws Error */
export function fill(file: string, replacements: Readonly<Record<string, string>>): string {
  let text = read(file);
  for (const [from, to] of Object.entries(replacements)) {
    if (!text.includes(from)) throw new Error(`${file} does not say ${JSON.stringify(from)}`);
    text = text.replaceAll(from, to);
  }
  return text;
}
