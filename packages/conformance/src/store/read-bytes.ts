/** Read: pages that are cut by the bytes of their bodies. */

import assert from 'node:assert/strict';
import { seeded } from '@headwater/testing';
import { range, type StoreTest, seqsOf } from '../store-test.js';

export const readBytes: readonly StoreTest[] = [
  {
    name: 'a page ends with the entry that brings its bodies to maxBytes, and the next one goes on there',
    run: async (rig) => {
      await rig.start();
      // 10, 20, ..., 60 bytes.
      for (let i = 1; i <= 6; i++) await rig.put(i % 2 ? 'a' : 'b', 'x'.repeat(10 * i));
      const cuts = async (channels: readonly string[] | undefined, after: number, maxBytes: number) => {
        const page = await rig.read(after, channels, 100, maxBytes);
        return [seqsOf(page.entries), page.upTo];
      };
      assert.deepEqual(await cuts(undefined, 0, 29), [[1, 2], 2]);
      assert.deepEqual(await cuts(undefined, 0, 30), [[1, 2], 2]);
      assert.deepEqual(await cuts(undefined, 0, 31), [[1, 2, 3], 3]);
      assert.deepEqual(await cuts(undefined, 3, 90), [[4, 5], 5]);
      assert.deepEqual(await cuts(['a'], 0, 40), [[1, 3], 3]);
      assert.deepEqual(await cuts(['b', 'a'], 1, 50), [[2, 3], 3]);
    },
  },
  {
    name: 'a page holds at least one entry, however few bytes it may have, except where the limit is 0',
    run: async (rig) => {
      await rig.start();
      for (let i = 1; i <= 9; i++) await rig.put(i % 2 ? 'a' : 'b', `${i}`);
      await rig.put('c', 'x'.repeat(5_000));
      for (const maxBytes of [0, 1]) {
        const page = await rig.read(2, ['a'], 100, maxBytes);
        assert.deepEqual([seqsOf(page.entries), page.upTo], [[3], 3]);
      }
      assert.deepEqual(seqsOf((await rig.read(9, undefined, 100, 100)).entries), [10]);
      assert.deepEqual(seqsOf((await rig.read(0, undefined, 0, 100)).entries), []);
    },
  },
  {
    name: 'a page that its bytes do not cut ends at the head, also where the last entry reaches them',
    run: async (rig) => {
      await rig.start();
      await rig.put('a', 'x'.repeat(10), 'x'.repeat(10));
      await rig.put('b', 'x'.repeat(10));
      for (const maxBytes of [11, 20, 21, 1_000]) {
        const page = await rig.read(0, ['a'], 100, maxBytes);
        assert.deepEqual([seqsOf(page.entries), page.upTo], [[1, 2], 3]);
      }
      assert.equal((await rig.read(0, undefined, 100, 30)).upTo, 3);
      assert.equal((await rig.read(3, undefined, 100, 1)).upTo, 3);
    },
  },
  {
    name: 'limit and maxBytes both hold, and the one that is reached first cuts',
    run: async (rig) => {
      await rig.start();
      await rig.put('a', ...range(1, 10).map(() => 'x'.repeat(100)));
      for (const [limit, maxBytes, upTo] of [
        [3, 1_000, 3],
        [8, 250, 3],
        [3, 300, 3],
        [10, 1_000, 10],
        [100, 100_000, 10],
      ] as const) {
        const page = await rig.read(0, ['a'], limit, maxBytes);
        assert.deepEqual([seqsOf(page.entries), page.upTo], [range(1, upTo), upTo]);
      }
    },
  },
  {
    name: 'pages of any number of bytes fit together',
    run: async (rig) => {
      await rig.start();
      const random = seeded(5);
      const pick = (n: number) => Math.floor(random() * n);
      for (let i = 0; i < 40; i++) await rig.put('abc'[pick(3)] as string, `${i}${'x'.repeat(pick(200))}`);
      for (let i = 0; i < 15; i++) {
        const channels = [undefined, ['a'], ['b', 'c'], ['a', 'b', 'c']][pick(4)];
        const maxBytes = 1 + pick(1_000);
        for (let after = 0; after < 40; ) {
          const page = await rig.read(after, channels, 100, maxBytes);
          rig.checkPage(page, after, channels, 100);
          const sizes = page.entries.map(({ body }) => body.byteLength);
          const allButLast = sizes.slice(0, -1).reduce((sum, size) => sum + size, 0);
          assert.ok(allButLast < maxBytes, `${sizes} is more than ${maxBytes} bytes`);
          const isCut = page.upTo < 40;
          if (isCut) assert.ok(allButLast + (sizes.at(-1) ?? 0) >= maxBytes, `${sizes} is too few for ${maxBytes}`);
          assert.ok(page.upTo > after, 'a page goes on');
          after = page.upTo;
        }
      }
    },
  },
];
