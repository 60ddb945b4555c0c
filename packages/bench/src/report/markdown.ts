/** The little Markdown that the report needs beside the tables of the scenarios. */

/** The first line is the head; the first column is text, the others are figures. */
export function renderCells(lines: readonly (readonly string[])[]): string {
  const [head = [], ...body] = lines;
  const rule = head.map((_, i) => (i === 0 ? '---' : '---:'));
  return [head, rule, ...body].map((cells) => `| ${cells.join(' | ')} |`).join('\n');
}

export function renderList(items: readonly string[]): string {
  return items.map((item) => `- ${item}`).join('\n');
}

/** Paragraphs, tables, lists: what is empty is left out. */
export function join(...parts: readonly string[]): string {
  return parts.filter((part) => part !== '').join('\n\n');
}

/** One line per paragraph, however the source is broken. */
export function unwrap(text: string): string {
  return text.replace(/\s*\n\s*/g, ' ');
}
