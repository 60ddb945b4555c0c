/** Prev: the link from an entry to the one before it in its channel is exact, or it is not there. */

import assert from 'node:assert/strict';
import type { Entry } from '@headwater/core';
import { seeded } from '@headwater/testing';
import type { StoreRig } from '../store-rig.js';
import { DAY, MINUTE, range, type StoreTest } from '../store-test.js';

const linksOf = (entries: readonly Entry[]) => entries.map(({ seq, prev }) => [seq, prev]);

/** What `prev` has to be for everything that was written. */
function expected(rig: StoreRig): Map<number, number> {
  const last = new Map<string, number>();
  const links = new Map<number, number>();
  for (const { seq, channel } of [...rig.written].sort((a, b) => a.seq - b.seq)) {
    links.set(seq, last.get(channel) ?? 0);
    last.set(channel, seq);
  }
  return links;
}

export const prev: readonly StoreTest[] = [
  {
    name: 'prev is never wrong, whether the store always has it or not',
    run: async (rig) => {
      await rig.start();
      const random = seeded(3);
      for (let i = 0; i < 30; i++) {
        const names = range(1, 1 + Math.floor(random() * 4)).map(() => 'abc'[Math.floor(random() * 3)] as string);
        await rig.append(names.map((name, n) => rig.entry(name, `${i} ${n}`)));
      }
      const links = expected(rig);
      for (const { seq, prev: given } of (await rig.read()).entries) {
        if (given !== undefined) assert.equal(given, links.get(seq), `prev of seq ${seq}`);
      }
    },
  },
  {
    name: 'prev is 0 for a channel’s first entry and links each other one to the one before, within a batch too',
    needs: ['prev'],
    run: async (rig) => {
      await rig.start();
      await rig.append([rig.entry('a', '1'), rig.entry('b', '2'), rig.entry('a', '3'), rig.entry('a', '4')]);
      await rig.put('b', '5');
      await rig.put('c', '6');
      const links = [
        [1, 0],
        [2, 0],
        [3, 1],
        [4, 3],
        [5, 2],
        [6, 0],
      ];
      assert.deepEqual(linksOf((await rig.read()).entries), links);
      assert.deepEqual(linksOf((await rig.read(2, ['a'])).entries), links.slice(2, 4));
    },
  },
  {
    name: 'a tail gives the same prev as a read, from its backlog and afterwards',
    needs: ['prev'],
    run: async (rig) => {
      await rig.start();
      const from = rig.at;
      for (let i = 0; i < 5; i++) await rig.put(i % 2 ? 'a' : 'b', '1', '2');
      const recorder = await rig.tail(from);
      for (let i = 0; i < 5; i++) await rig.put(i % 3 ? 'a' : 'b', '1', '2');
      await rig.until('all have come', () => recorder.seen.length >= 20);
      assert.deepEqual(linksOf(recorder.seen), [...expected(rig)]);
    },
  },
  {
    name: 'prev is exact over the beginning of an epoch, and a duplicate does not move it',
    needs: ['prev'],
    run: async (rig) => {
      await rig.start('e1');
      await rig.append([rig.entry('a', '1', 'key')]);
      await rig.start('e2');
      await rig.append([rig.entry('a', 'again', 'key'), rig.entry('b', '2'), rig.entry('a', '3')]);
      assert.deepEqual(linksOf((await rig.read(0, ['a'])).entries), [
        [1, 0],
        [3, 1],
      ]);
    },
  },
  {
    name: 'prev is exact where the entry that it names was trimmed',
    needs: ['prev', 'retentionPerChannel'],
    retention: { count: 1 },
    run: async (rig) => {
      await rig.start();
      for (let i = 0; i < 4; i++) {
        await rig.put('a', 'x');
        await rig.put('b', 'x');
      }
      await rig.untilRetained('a', [7]);
      await rig.put('a', 'x');
      assert.deepEqual(linksOf((await rig.read(7, ['a', 'b'])).entries).at(-1), [9, 7]);
    },
  },
  {
    name: 'prev is exact in a channel that has become empty, and exact or absent once that may be forgotten',
    needs: ['prev', 'clock'],
    retention: { ageMs: MINUTE },
    run: async (rig) => {
      await rig.start();
      await rig.fill('a', 3);
      await rig.pass(2 * MINUTE);
      await rig.untilRetained('a', []);
      await rig.put('a', '4');
      assert.deepEqual(linksOf((await rig.read(3, ['a'])).entries), [[4, 3]]);
      for (let i = 0; i < 5; i++) await rig.pass(6 * DAY);
      await rig.put('a', '5');
      await rig.put('b', '6');
      await rig.put('a', '7');
      const [five, six, seven] = (await rig.read(4)).entries;
      assert.ok(five?.prev === 4 || five?.prev === undefined, `prev is ${five?.prev}`);
      assert.ok(six?.prev === 0 || six?.prev === undefined, `prev is ${six?.prev}`);
      assert.equal(seven?.prev, 5);
    },
  },
  {
    name: 'prev never names an entry that a rollback has lost',
    needs: ['prev', 'rollback'],
    run: async (rig) => {
      await rig.start('e1');
      for (const name of ['a', 'b', 'a']) await rig.put(name, 'x');
      await rig.checkpoint();
      for (const name of ['b', 'a', 'c']) await rig.put(name, 'x');
      await rig.rollback();
      await rig.start('e2');
      for (const name of ['c', 'b', 'a']) await rig.put(name, 'y');
      assert.deepEqual(linksOf((await rig.read()).entries), [
        [1, 0],
        [2, 0],
        [3, 1],
        [4, 0],
        [5, 2],
        [6, 3],
      ]);
    },
  },
];
