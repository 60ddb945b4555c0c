/** Keys: what is appended again within ten minutes is written once. */
import assert from 'node:assert/strict';
import { MINUTE, range, SECOND, type StoreTest, textsOf } from '../store-test.js';

export const keys: readonly StoreTest[] = [
  {
    name: 'a key that is known is answered with the first position, and nothing is written',
    run: async (rig) => {
      await rig.start();
      await rig.put('a', '1');
      const [first] = await rig.append([rig.entry('a', '2', 'key')]);
      await rig.put('a', '3');
      const [again] = await rig.append([rig.entry('a', 'other text', 'key')]);
      assert.deepEqual([first?.seq, first?.duplicate], [2, false]);
      assert.deepEqual([again?.seq, again?.epoch, again?.duplicate], [2, 'e1', true]);
      assert.equal((await rig.store.state()).head, 3);
      assert.deepEqual(textsOf((await rig.read()).entries), ['1', '2', '3']);
    },
  },
  {
    name: 'a key counts in its own channel only, and entries without one are never duplicates',
    run: async (rig) => {
      await rig.start();
      // Pairs that run into each other where channel and key are simply joined.
      const pairs = [
        ['a', 'key'],
        ['b', 'key'],
        ['a', 'k'],
        ['ab', 'c'],
        ['a', 'bc'],
        ['a:b', 'c'],
        ['a', 'b:c'],
        ['a', '__proto__'],
      ];
      const entries = pairs.map(([channel, key]) => rig.entry(channel as string, 'x', key));
      const appended = await rig.append([...entries, rig.entry('a', 'y'), rig.entry('a', 'y')]);
      assert.deepEqual(
        appended.map(({ seq, duplicate }) => [seq, duplicate]),
        range(1, 10).map((seq) => [seq, false]),
      );
    },
  },
  {
    name: 'a key may be made of anything, up to 200 bytes of it',
    run: async (rig) => {
      await rig.start();
      const all = [
        ' ',
        'a b',
        '*',
        '\u0000',
        '\u00e4',
        'a\u0308',
        'constructor',
        'x'.repeat(200),
        `${'x'.repeat(199)}y`,
        '\u00e4'.repeat(100),
        '\ud83d\ude00'.repeat(50),
      ];
      for (const isDuplicate of [false, true]) {
        const appended = await rig.append(all.map((key) => rig.entry('a', 'x', key)));
        assert.deepEqual(
          appended.map(({ seq, duplicate }) => [seq, duplicate]),
          all.map((_, i) => [i + 1, isDuplicate]),
        );
      }
    },
  },
  {
    name: 'a batch may hold new entries and duplicates, and the same key twice',
    run: async (rig) => {
      await rig.start();
      await rig.append([rig.entry('a', '1', 'k1')]);
      const batch = [
        rig.entry('a', '2', 'k2'),
        rig.entry('a', '1', 'k1'),
        rig.entry('b', '3'),
        rig.entry('a', '2', 'k2'),
        rig.entry('a', '4'),
      ];
      const appended = await rig.append(batch);
      assert.deepEqual(
        appended.map(({ seq, duplicate }) => [seq, duplicate]),
        [
          [2, false],
          [1, true],
          [3, false],
          [2, true],
          [4, false],
        ],
      );
      assert.deepEqual(textsOf((await rig.read()).entries), ['1', '2', '3', '4']);
    },
  },
  {
    name: 'of concurrent callers with the same key one writes, and all get its position',
    run: async (rig) => {
      await rig.start();
      const calls = range(1, 20).map((i) => rig.append([rig.entry('b', `${i}`), rig.entry('a', `${i}`, 'key')]));
      const answers = (await Promise.all(calls)).map(([, keyed]) => keyed);
      assert.equal(answers.filter((answer) => !answer?.duplicate).length, 1);
      assert.equal(new Set(answers.map((answer) => answer?.seq)).size, 1);
      const { entries } = await rig.read(0, ['a']);
      assert.deepEqual(
        entries.map(({ seq }) => seq),
        [answers[0]?.seq],
      );
    },
  },
  {
    name: 'a duplicate is answered with the epoch of its first position, also once another one is in force',
    run: async (rig) => {
      await rig.start('e1');
      await rig.append([rig.entry('a', '1', 'key')]);
      await rig.start('e2');
      const [again] = await rig.append([rig.entry('a', '1', 'key')]);
      assert.deepEqual([again?.epoch, again?.seq, again?.duplicate], ['e1', 1, true]);
    },
  },
  {
    name: 'a key outlives its entry',
    retention: { count: 1 },
    run: async (rig) => {
      await rig.start();
      await rig.append([rig.entry('a', '1', 'key')]);
      await rig.fill('a', 3);
      await rig.untilRetained('a', [4]);
      const [again] = await rig.append([rig.entry('a', '1', 'key')]);
      assert.deepEqual([again?.seq, again?.duplicate], [1, true]);
    },
  },
  {
    name: 'a key is known for ten minutes from its entry on, and no longer',
    needs: ['clock'],
    run: async (rig) => {
      await rig.start();
      const append = async () =>
        (await rig.append([rig.entry('a', 'x', 'key')])).map(({ seq, duplicate }) => [seq, duplicate]);
      assert.deepEqual(await append(), [[1, false]]);
      await rig.pass(5 * MINUTE);
      assert.deepEqual(await append(), [[1, true]]);
      await rig.pass(5 * MINUTE - SECOND);
      assert.deepEqual(await append(), [[1, true]]);
      await rig.pass(2 * SECOND);
      assert.deepEqual(await append(), [[2, false]]);
      await rig.pass(9 * MINUTE);
      assert.deepEqual(await append(), [[2, true]]);
    },
  },
  {
    name: 'a key of an entry that a rollback has lost is new again',
    needs: ['rollback'],
    run: async (rig) => {
      await rig.start('e1');
      await rig.append([rig.entry('a', '1', 'kept')]);
      await rig.checkpoint();
      await rig.append([rig.entry('a', '2', 'lost')]);
      await rig.rollback();
      await rig.start('e2');
      const appended = await rig.append([rig.entry('a', '1', 'kept'), rig.entry('a', '2', 'lost')]);
      assert.deepEqual(
        appended.map(({ epoch, seq, duplicate }) => [epoch, seq, duplicate]),
        [
          ['e1', 1, true],
          ['e2', 2, false],
        ],
      );
    },
  },
];
