import { appendFile, mkdir, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { Tail, type TailOptions } from '../src/tail.js';
import { Inbox } from './inbox.js';
import { temporaryFolder } from './temporary.js';

const NEVER_MS = 1e9;

function following(path: string, options: Partial<TailOptions> = {}) {
  const lines = new Inbox<string>();
  const errors = new Inbox<unknown>();
  const tail = new Tail(path, { onLine: lines.put, onError: errors.put, ...options });
  onTestFinished(() => tail.close());
  return { lines, errors, tail };
}

describe('Tail', () => {
  it('sees what is appended without polling', async () => {
    const path = join(temporaryFolder(), 'a.log');
    await writeFile(path, 'one\n');
    const { lines } = following(path, { pollMs: NEVER_MS });
    expect(await lines.take(1)).toEqual(['one']);
    await appendFile(path, 'two\n');
    expect(await lines.take(1)).toEqual(['two']);
  });

  it('sees a rotation without polling', async () => {
    const path = join(temporaryFolder(), 'a.log');
    await writeFile(path, 'one\n');
    const { lines } = following(path, { pollMs: NEVER_MS });
    await lines.take(1);
    await rename(path, `${path}.1`);
    await writeFile(path, 'two\n');
    expect(await lines.take(1)).toEqual(['two']);
  });

  it('polls where there is nothing to watch', async () => {
    const folder = join(temporaryFolder(), 'later');
    const path = join(folder, 'a.log');
    const { lines } = following(path, { pollMs: 5 });
    await mkdir(folder);
    await writeFile(path, 'one\n');
    expect(await lines.take(1)).toEqual(['one']);
  });

  it('tells once of a file that cannot be read, and recovers', async () => {
    const path = join(temporaryFolder(), 'a.log');
    await mkdir(path);
    const { lines, errors } = following(path, { pollMs: 2 });
    await errors.take(1);
    await rm(path, { recursive: true });
    await writeFile(path, 'one\n');
    expect(await lines.take(1)).toEqual(['one']);
    expect(errors.items.map(String)).toEqual([`Error: Cannot follow ${path}: not a regular file`]);
  });

  it('never takes two looks at once, and loses no prompt that comes meanwhile', async () => {
    const path = join(temporaryFolder(), 'a.log');
    await writeFile(path, 'one\n');
    const release = new Inbox<() => void>();
    const lines = new Inbox<string>();
    const onLine = (line: string) => {
      lines.put(line);
      return new Promise<void>((resolve) => release.put(resolve));
    };
    following(path, { pollMs: 2, onLine });
    const [goOn] = await release.take(1);
    await appendFile(path, 'two\n');
    goOn?.();
    expect(await lines.take(2)).toEqual(['one', 'two']);
    for (const release_ of await release.take(1)) release_();
  });

  it('hands nothing over once it is closed', async () => {
    const path = join(temporaryFolder(), 'a.log');
    await writeFile(path, 'one\n');
    const { lines, errors, tail } = following(path, { pollMs: 2 });
    await lines.take(1);
    await tail.close();
    await appendFile(path, 'two\n');
    await tail.close();
    expect(lines.items).toEqual(['one']);
    expect(errors.items).toEqual([]);
  });
});
