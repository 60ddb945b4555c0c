import { execFileSync } from 'node:child_process';
import { chmodSync } from 'node:fs';
import { createHub, hasCode, type Store } from '@headwater/core';
import { expect, onTestFinished, type TestContext, test, vi } from 'vitest';
import { entry, Notes, openStore, start, temporaryFolder } from './kit/log.js';

const FOREVER = { count: false, ageMs: false, bytes: false } as const;

function run(program: string, ...args: string[]): void {
  execFileSync(program, args, { stdio: 'pipe' });
}

/** A file system of that size. Only a process that may mount has one: elsewhere the test says that it was skipped. */
function mountDisk({ skip }: TestContext, size: string): string {
  const path = temporaryFolder();
  try {
    run('mount', '-t', 'tmpfs', '-o', `size=${size}`, 'tmpfs', path);
  } catch (error) {
    skip(`cannot mount a file system: ${error}`);
  }
  onTestFinished(() => run('umount', '--lazy', path));
  return path;
}

function remount(path: string, options: string): void {
  run('mount', '-o', `remount,${options}`, path);
}

/** lmdb-js prints the errors of the system. */
function quiet(): void {
  const error = vi.spyOn(console, 'error').mockImplementation(() => {});
  onTestFinished(() => error.mockRestore());
}

/** Appends until it is refused; returns the newest seq that was acknowledged, and the refusal. */
async function fill(store: Store, at: { epoch: string; seq: number }): Promise<[number, Error]> {
  for (let last = 0; ; ) {
    try {
      last = (await store.append([entry('a', 'x'.repeat(20_000))], at))[0]?.seq as number;
    } catch (error) {
      expect(hasCode(error, 'ERR_SSE_STORE'), String(error)).toBe(true);
      return [last, error as Error];
    }
  }
}

test('on a full disk appends are refused, readers and tails go on, and it recovers when there is room', async (context) => {
  quiet();
  const path = mountDisk(context, '2m');
  const store = openStore({ path, retention: FOREVER });
  const at = await start(store);
  const notes = new Notes();
  await store.tail(at, notes);
  const [last, error] = await fill(store, at);
  expect(last).toBeGreaterThan(20);
  expect(error.message).toMatch(/the disk is full.*make room, and it goes on by itself/);
  for (let i = 0; i < 3; i++) await fill(store, at);
  const { head } = await store.state();
  const { entries } = await store.read(0, undefined, 1_000);
  expect(entries.map(({ seq }) => seq)).toEqual(Array.from({ length: head }, (_, i) => i + 1));
  expect(head).toBeGreaterThanOrEqual(last);

  remount(path, 'size=8m');
  const [appended] = await store.append([entry('a', 'x'.repeat(20_000))], at);
  expect(appended?.seq).toBe(head + 1);
  await expect.poll(() => notes.seqs.length).toBe(head + 1);
  expect(notes.seqs).toEqual(Array.from({ length: head + 1 }, (_, i) => i + 1));
  expect(notes.errors).toEqual([]);
});

test('on a full disk a hub refuses to publish and recovers', async (context) => {
  quiet();
  const path = mountDisk(context, '1m');
  const hub = createHub({ store: openStore({ path, retention: FOREVER }), observers: [{ error: () => {} }] });
  onTestFinished(() => hub.close());
  const publishUntilRefused = async () => {
    for (;;) await hub.publish('news', 'x'.repeat(20_000));
  };
  await expect(publishUntilRefused()).rejects.toMatchObject({ code: 'ERR_SSE_STORE', statusCode: 503 });
  expect(hub.health().ready).toBe(true);
  remount(path, 'size=4m');
  await hub.publish('news', 'x'.repeat(20_000));
});

test('a folder that may not be written to is an error that says so', async (context) => {
  if (process.getuid?.() === 0) {
    const path = mountDisk(context, '1m');
    remount(path, 'ro');
    const store = openStore({ path });
    const refusal = /the file system is read-only: mount it writable/;
    await expect(store.state()).rejects.toThrow(refusal);
    remount(path, 'rw');
    await start(store);
    await store.close();
    remount(path, 'ro');
    await expect(openStore({ path }).state()).rejects.toThrow(refusal);
  } else {
    const path = temporaryFolder();
    chmodSync(path, 0o555);
    await expect(openStore({ path }).state()).rejects.toThrow(/give the process the right to read and write/);
    chmodSync(path, 0o755);
  }
});
