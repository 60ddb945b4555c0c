import { renameSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { entry, Notes, openStore, start, temporaryFolder, textOf } from './kit/log.js';

test('a backup taken among appends is a log of its own: whole up to its head, of every name', async () => {
  const path = temporaryFolder();
  const store = openStore({ path, name: 'one' });
  const other = openStore({ path, name: 'other' });
  const at = await start(store);
  await other.append([entry('a', 'of the other')], await start(other));
  let isDone = false;
  const appends = async () => {
    for (let i = 1; !isDone || i < 100; i++)
      await store.append([entry(`c${i % 3}`, `${i}`), entry('big', 'x'.repeat(9_000))], at);
  };
  const writing = Promise.all([appends(), appends()]);
  const copies = [join(temporaryFolder(), 'made'), temporaryFolder()];
  for (const copy of copies) await store.backup(copy);
  isDone = true;
  await writing;
  for (const copy of copies) {
    const copied = openStore({ path: copy, name: 'one' });
    const { head } = await copied.state();
    const { entries } = await copied.read(0, undefined, 1_000_000);
    expect(entries.map(({ seq }) => seq)).toEqual(Array.from({ length: head }, (_, i) => i + 1));
    expect(entries.map(textOf)).toEqual((await store.read(0, undefined, head)).entries.map(textOf));
    expect((await openStore({ path: copy, name: 'other' }).read(0, ['a'], 9)).entries.map(textOf)).toEqual([
      'of the other',
    ]);
    await copied.append([entry('a', 'goes on')], await start(copied));
  }
  await expect(store.backup(path)).rejects.toThrow(/an empty folder/);
});

test('a backup that is put in the place of the file ends tails, refuses the places that it lacks, and goes on', async () => {
  const path = temporaryFolder();
  const [store, behind] = [openStore({ path }), openStore({ path })];
  await start(behind);
  const at = await start(store);
  await store.append([entry('a', '1'), entry('a', '2')], at);
  const copy = temporaryFolder();
  await store.backup(copy);
  const [lost] = await store.append([entry('a', '3')], at);
  const notes = new Notes();
  await store.tail(at, notes);
  renameSync(join(copy, 'data.mdb'), join(path, 'data.mdb'));
  await expect.poll(() => notes.errors.length).toBe(1);
  await expect(store.append([entry('a', '4')], lost!)).rejects.toMatchObject({
    code: 'ERR_SSE_FENCED',
  });
  expect((await store.state()).head).toBe(2);
  // Who was not that far has not noticed anything. What it appends must not look like what was lost.
  const [appended] = await behind.append([entry('a', '3b')], { epoch: lost!.epoch, seq: 2 });
  expect(appended?.seq).toBe(3);
  expect(appended?.epoch).not.toBe(lost!.epoch);
  expect((await store.append([entry('a', 'again')], await start(store)))[0]?.seq).toBe(4);
});
