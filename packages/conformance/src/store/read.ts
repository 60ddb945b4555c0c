/** Read: which entries, in which order, and up to where the log was examined. */

import assert from 'node:assert/strict';
import { seeded } from '@headwater/testing';
import type { StoreRig } from '../store-rig.js';
import { range, type StoreTest, seqsOf, textsOf } from '../store-test.js';
import { readBytes } from './read-bytes.js';

/** Seqs 1 to 9, `a` and `b` in turns, and one of `c` at the end. */
async function nine(rig: StoreRig): Promise<void> {
  await rig.start();
  for (let i = 1; i <= 8; i++) await rig.put(i % 2 ? 'a' : 'b', `${i}`);
  await rig.put('c', '9');
}

export const read: readonly StoreTest[] = [
  {
    name: 'entries come after the place given, without it',
    run: async (rig) => {
      await nine(rig);
      assert.deepEqual(seqsOf((await rig.read(0)).entries), range(1, 9));
      assert.deepEqual(seqsOf((await rig.read(4)).entries), range(5, 9));
      assert.deepEqual(seqsOf((await rig.read(8)).entries), [9]);
      assert.deepEqual(seqsOf((await rig.read(9)).entries), []);
    },
  },
  {
    name: 'only the channels asked for are read, in the order of the log, and up to its head',
    run: async (rig) => {
      await nine(rig);
      for (const [channels, seqs] of [
        [['a'], [3, 5, 7]],
        [
          ['b', 'a'],
          [3, 4, 5, 6, 7, 8],
        ],
        [
          ['a', 'c'],
          [3, 5, 7, 9],
        ],
        [['c', 'unknown'], [9]],
        [
          ['a', 'a'],
          [3, 5, 7],
        ],
        [['unknown'], []],
        [[], []],
      ] as const) {
        const page = await rig.read(2, channels);
        assert.deepEqual([seqsOf(page.entries), page.upTo], [seqs, 9]);
      }
    },
  },
  {
    name: 'an empty log reads as nothing up to 0',
    run: async (rig) => {
      await rig.start();
      for (const channels of [undefined, ['a']]) {
        const page = await rig.read(0, channels);
        assert.deepEqual([page.entries, page.upTo, page.forgotten], [[], 0, 0]);
      }
    },
  },
  {
    name: 'a page that the limit cuts ends at its last entry, and the next one goes on there',
    run: async (rig) => {
      await nine(rig);
      const first = await rig.read(0, ['a', 'c'], 2);
      assert.deepEqual([seqsOf(first.entries), first.upTo], [[1, 3], 3]);
      const second = await rig.read(first.upTo, ['a', 'c'], 2);
      assert.deepEqual([seqsOf(second.entries), second.upTo], [[5, 7], 7]);
      const third = await rig.read(second.upTo, ['a', 'c'], 2);
      assert.deepEqual([seqsOf(third.entries), third.upTo], [[9], 9]);
    },
  },
  {
    name: 'a page that is full without having been cut ends at the head',
    run: async (rig) => {
      await nine(rig);
      const page = await rig.read(0, ['b'], 4);
      assert.deepEqual([seqsOf(page.entries), page.upTo], [[2, 4, 6, 8], 9]);
    },
  },
  {
    name: 'a limit of 0 gives no entries, and claims to have examined none that is due',
    run: async (rig) => {
      await nine(rig);
      for (const channels of [undefined, ['a'], ['a', 'c']]) {
        const page = await rig.read(2, channels, 0);
        rig.checkPage(page, 2, channels, 0);
      }
      assert.equal((await rig.read(9, ['a'], 0)).upTo, 9);
    },
  },
  {
    name: 'a place beyond the head reads as nothing',
    run: async (rig) => {
      await nine(rig);
      for (const channels of [undefined, ['a', 'b']]) assert.deepEqual((await rig.read(50, channels)).entries, []);
    },
  },
  {
    name: 'reading changes nothing',
    run: async (rig) => {
      await nine(rig);
      const first = await rig.read(3, ['a', 'b']);
      assert.deepEqual(await rig.read(3, ['a', 'b']), first);
      assert.deepEqual(textsOf(first.entries), ['4', '5', '6', '7', '8']);
    },
  },
  {
    name: 'pages of any size, channels and beginning fit together',
    run: async (rig) => {
      await rig.start();
      const random = seeded(7);
      const pick = (n: number) => Math.floor(random() * n);
      const names = ['a', 'b', 'c', 'd', 'e'];
      for (let i = 0; i < 25; i++) {
        await rig.append(range(1, 1 + pick(8)).map((n) => rig.entry(names[pick(5)] as string, `${i} ${n}`)));
      }
      const { head } = await rig.store.state();
      for (let i = 0; i < 15; i++) {
        const channels = pick(4) === 0 ? undefined : names.filter(() => random() < 0.5);
        const limit = 1 + pick(30);
        for (let after = pick(head); after < head; ) {
          const page = await rig.read(after, channels, limit);
          rig.checkPage(page, after, channels, limit);
          assert.ok(page.upTo > after, 'a page goes on');
          after = page.upTo;
        }
      }
    },
  },
  ...readBytes,
];
