/** Copy: the sources with some of their text replaced: constants made small, or a bug planted. */
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { loadSubject, SOURCES, type Subject } from './subject.js';

/** `find` must occur exactly once in `file`, so that an edit cannot outlive the text that it is about. */
export interface Edit {
  readonly file: string;
  readonly find: string;
  readonly replace: string;
}

/** What takes thousands of entries or megabytes in earnest happens within a short run: pages, blocks, slices, sinks without room. */
export const SMALL: readonly Edit[] = [
  { file: 'slices.ts', find: 'STEPS_PER_LOOK = 16', replace: 'STEPS_PER_LOOK = 1' },
  { file: 'options.ts', find: 'ROOM_BYTES = 64 * 1024', replace: 'ROOM_BYTES = 400' },
  { file: 'options.ts', find: 'MAX_BATCH_BYTES = 256 * 1024', replace: 'MAX_BATCH_BYTES = 500' },
  { file: 'replay.ts', find: 'BLOCK = 256', replace: 'BLOCK = 4' },
  { file: 'replay.ts', find: 'PAGE_BYTES = 1024 * 1024', replace: 'PAGE_BYTES = 120' },
  { file: 'replay.ts', find: 'CACHE_BYTES = 8 * 1024 * 1024', replace: 'CACHE_BYTES = 4_000' },
  { file: 'warm.ts', find: 'PAGE = 1_000', replace: 'PAGE = 3' },
];

/** Loads the sources with `edits` made in them. */
export async function loadEdited(edits: readonly Edit[]): Promise<Subject> {
  const folder = await mkdtemp(join(tmpdir(), 'headwater-'));
  try {
    const files = (await readdir(SOURCES, { recursive: true })).filter((file) => file.endsWith('.ts'));
    for (const { file } of edits) if (!files.includes(file)) throw new Error(`There is no ${file} to edit`);
    await Promise.all(
      files.map(async (file) => {
        const text = await readFile(join(SOURCES, file), 'utf8');
        await mkdir(dirname(join(folder, file)), { recursive: true });
        await writeFile(join(folder, file), edited(file, text, edits));
      }),
    );
    return await loadSubject(folder);
  } finally {
    await rm(folder, { recursive: true });
  }
}

function edited(file: string, text: string, edits: readonly Edit[]): string {
  let result = text;
  for (const { find, replace } of edits.filter((edit) => edit.file === file)) {
    const parts = result.split(find);
    if (parts.length !== 2) throw new Error(`${file} has ${parts.length - 1} times, not once: ${find}`);
    result = parts.join(replace);
  }
  return result;
}
