import { appendFile, mkdir, rename, rm, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { TailReader, type TailReaderOptions } from '../src/tail-reader.js';
import { temporaryFolder } from './temporary.js';

/** A reader, and what one more look at the file gives. */
function reading(options: Partial<TailReaderOptions> = {}) {
  const path = join(temporaryFolder(), 'a.log');
  let lines: string[] = [];
  const reader = new TailReader(path, { onLine: (line) => lines.push(line), ...options });
  onTestFinished(() => reader.close());
  const look = async () => {
    lines = [];
    await reader.look();
    return lines;
  };
  return { path, reader, look };
}

describe('TailReader', () => {
  it('begins with the last lines of what is there, and goes on with what is appended', async () => {
    const { path, look } = reading({ lastLines: 2 });
    await writeFile(path, 'one\ntwo\nthree\nfo');
    expect(await look()).toEqual(['two', 'three']);
    await appendFile(path, 'ur\nfive\n');
    expect(await look()).toEqual(['four', 'five']);
    expect(await look()).toEqual([]);
  });

  it('can begin at the end', async () => {
    const { path, look } = reading({ lastLines: 0 });
    await writeFile(path, 'old\n');
    expect(await look()).toEqual([]);
    await appendFile(path, 'new\n');
    expect(await look()).toEqual(['new']);
  });

  it('reads only the end of a large file, and no half line of it', async () => {
    const { path, look } = reading({ lastLines: 1_000_000 });
    const lines = Array.from({ length: 10_000 }, (_, n) => `line ${n}`);
    await writeFile(path, `${lines.join('\n')}\n`);
    const seen = await look();
    expect(seen.length).toBeLessThan(8_000);
    expect(seen).toEqual(lines.slice(-seen.length));
  });

  it('reads everything of what comes later, however much that is', async () => {
    const { path, look } = reading();
    await writeFile(path, '');
    await look();
    const lines = Array.from({ length: 10_000 }, (_, n) => `line ${n} ü`);
    await appendFile(path, `${lines.join('\n')}\n`);
    expect(await look()).toEqual(lines);
  });

  it('waits for a file that is missing, and then reads all of it', async () => {
    const { path, look } = reading({ lastLines: 1 });
    expect(await look()).toEqual([]);
    await writeFile(path, 'one\ntwo\n');
    expect(await look()).toEqual(['one', 'two']);
  });

  it('finishes a file that was rotated away before it begins the new one', async () => {
    const { path, look } = reading();
    await writeFile(path, 'one\n');
    await look();
    await appendFile(path, 'two\nthree, unfinished');
    await rename(path, `${path}.1`);
    expect(await look()).toEqual(['two']);
    await appendFile(`${path}.1`, ' no more\n');
    await writeFile(path, 'four\n');
    expect(await look()).toEqual(['three, unfinished no more', 'four']);
    await rename(path, `${path}.1`);
    await writeFile(path, 'five\n');
    expect(await look()).toEqual(['five']);
  });

  it('hands over the unfinished last line of a file that was rotated away', async () => {
    const { path, look } = reading();
    await writeFile(path, 'no line feed');
    expect(await look()).toEqual([]);
    await rename(path, `${path}.1`);
    await writeFile(path, 'new\n');
    expect(await look()).toEqual(['no line feed', 'new']);
  });

  it('goes on when a file was deleted and made again', async () => {
    const { path, look } = reading();
    await writeFile(path, 'one\n');
    await look();
    await rm(path);
    expect(await look()).toEqual([]);
    await writeFile(path, 'two\n');
    expect(await look()).toEqual(['two']);
  });

  it('begins anew when the file was truncated', async () => {
    const { path, look } = reading();
    await writeFile(path, 'a long first line\npart');
    expect(await look()).toEqual(['a long first line']);
    await truncate(path);
    expect(await look()).toEqual(['part']);
    await appendFile(path, 'b\n');
    expect(await look()).toEqual(['b']);
  });

  it('notices a truncated file that has already grown beyond its old size', async () => {
    const { path, look } = reading();
    await writeFile(path, 'a\n');
    await look();
    await writeFile(path, 'quite a long line\nand another\n');
    expect(await look()).toEqual(['quite a long line', 'and another']);
  });

  it('refuses what is no file, and says so', async () => {
    const { path, reader } = reading();
    await mkdir(path);
    await expect(reader.look()).rejects.toThrow(`Cannot follow ${path}: not a regular file`);
  });

  it('waits for who takes the lines', async () => {
    const order: string[] = [];
    const { path, reader } = reading({
      onLine: async (line) => {
        order.push(`${line} begins`);
        await new Promise(setImmediate);
        order.push(`${line} ends`);
      },
    });
    await writeFile(path, 'a\nb\n');
    await reader.look();
    expect(order).toEqual(['a begins', 'a ends', 'b begins', 'b ends']);
  });

  it('hands nothing over once it is stopped', async () => {
    const seen: string[] = [];
    const { path, reader } = reading({
      onLine: (line) => {
        seen.push(line);
        reader.stop();
      },
    });
    await writeFile(path, 'a\nb\n');
    await reader.look();
    expect(seen).toEqual(['a']);
  });
});
