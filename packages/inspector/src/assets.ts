/** The files of the page, read once. */
import { readFileSync } from 'node:fs';

interface Asset {
  readonly type: string;
  readonly body: Buffer;
}

const FILES: { readonly [path: string]: readonly [file: string, type: string] } = {
  '': ['index.html', 'text/html; charset=utf-8'],
  'style.css': ['style.css', 'text/css; charset=utf-8'],
  'main.js': ['main.js', 'text/javascript; charset=utf-8'],
  'overview.js': ['overview.js', 'text/javascript; charset=utf-8'],
  'resume.js': ['resume.js', 'text/javascript; charset=utf-8'],
  'tables.js': ['tables.js', 'text/javascript; charset=utf-8'],
  'text.js': ['text.js', 'text/javascript; charset=utf-8'],
  'watch.js': ['watch.js', 'text/javascript; charset=utf-8'],
  'icon.svg': ['icon.svg', 'image/svg+xml'],
};

const read = new Map<string, Asset>();

/** The file at `path` below the page, undefined where there is none. */
export function assetAt(path: string): Asset | undefined {
  if (!Object.hasOwn(FILES, path)) return undefined;
  const known = read.get(path);
  if (known) return known;
  const [file, type] = FILES[path] as readonly [string, string];
  const asset = { type, body: readFileSync(new URL(`../public/${file}`, import.meta.url)) };
  read.set(path, asset);
  return asset;
}
