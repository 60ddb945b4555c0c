import { afterAll, beforeAll, expect, test } from 'vitest';
import { buildChildren, Child, removeChildren } from './kit/child.js';
import { entry, Notes, openStore, start, temporaryFolder, textOf } from './kit/log.js';

beforeAll(() => buildChildren(['writer']));
afterAll(removeChildren);

const FOREVER = { count: false, ageMs: false, bytes: false } as const;

test('whatever was acknowledged before a process was killed is there, ten times over, and nobody else is held up', async () => {
  const path = temporaryFolder();
  const acknowledged = new Map<number, string>();
  // A process that lives through all of it, and follows.
  const survivor = openStore({ path, retention: FOREVER });
  const at = await start(survivor);
  const notes = new Notes();
  await survivor.tail(at, notes);
  for (let round = 1; round <= 10; round++) {
    const child = new Child('writer', [path, `round${round}`]);
    await child.until((lines) => lines.length >= 7 * round);
    const beside = survivor.append([entry('survivor', `beside ${round}`)], at);
    await child.kill();
    for (const line of child.lines) {
      const [, seq, text] = /^(\d+) (\S+ \d+)$/.exec(line) ?? [];
      // The last line may be cut.
      if (seq && text) acknowledged.set(Number(seq), text);
    }
    acknowledged.set((await beside)[0]?.seq as number, `beside ${round}`);
  }
  const { head } = await survivor.state();
  await expect.poll(() => notes.seqs.length).toBe(head);
  await survivor.close();
  const store = openStore({ path, retention: FOREVER });
  const { entries } = await store.read(0, undefined, 1_000_000);
  expect(entries.map(({ seq }) => seq)).toEqual(Array.from({ length: head }, (_, i) => i + 1));
  expect(notes.entries_.map(textOf)).toEqual(entries.map(textOf));
  expect(notes.errors).toEqual([]);
  const stored = new Map(entries.map((entry) => [entry.seq, textOf(entry)]));
  expect(acknowledged.size).toBeGreaterThan(300);
  for (const [seq, text] of acknowledged) expect(stored.get(seq)).toBe(text);
  expect((await store.append([entry('a', 'x')], await start(store)))[0]?.seq).toBe(head + 1);
});
