/** Items are made by the changes of their channel: all of them, in order, in the append's own transaction. */
import assert from 'node:assert/strict';
import { range, refuses, type StoreTest, seqsOf } from '../store-test.js';
import { change, itemsOf } from './items-kit.js';

/** Ids that have hurt somebody: separators, patterns, prototypes, forms of the same letter, and the longest. */
const IDS = [
  'a',
  'A',
  'a b',
  ' ',
  'a:b',
  '*',
  '%s',
  '\\',
  '"',
  "'; --",
  '\u0000',
  '\n',
  '__proto__',
  'constructor',
  '0',
  '00',
  '\u00e4',
  'a\u0308',
  '\u2028',
  '\ufeff',
  '\ud83d\ude00'.repeat(100),
  'x'.repeat(200),
  `${'x'.repeat(199)}y`,
];

export const itemsMade: readonly StoreTest[] = [
  {
    name: 'an item is set, replaced and deleted by the entries of its channel',
    run: async (rig) => {
      await rig.start();
      await rig.append([change(rig, 'a', '1', '{"v":1}')]);
      await rig.append([change(rig, 'a', '2', '{"v":2}')]);
      assert.deepEqual(await itemsOf(rig, 'a'), [
        ['1', '{"v":1}'],
        ['2', '{"v":2}'],
      ]);
      await rig.append([change(rig, 'a', '1', '{"v":3}')]);
      assert.deepEqual(await itemsOf(rig, 'a'), [
        ['1', '{"v":3}'],
        ['2', '{"v":2}'],
      ]);
      await rig.append([change(rig, 'a', '2', undefined)]);
      await rig.append([change(rig, 'a', 'unknown', undefined)]);
      assert.deepEqual(await itemsOf(rig, 'a'), [['1', '{"v":3}']]);
      await rig.append([change(rig, 'a', '1', undefined)]);
      assert.deepEqual(await itemsOf(rig, 'a'), []);
      await rig.append([change(rig, 'a', '2', '{"v":4}')]);
      assert.deepEqual(await itemsOf(rig, 'a'), [['2', '{"v":4}']]);
    },
  },
  {
    name: 'a channel to which nothing was published, or no change, has no items',
    run: async (rig) => {
      await rig.start();
      assert.deepEqual(await itemsOf(rig, 'never'), []);
      await rig.fill('plain', 2);
      assert.deepEqual(await itemsOf(rig, 'plain'), []);
    },
  },
  {
    name: 'the changes of a batch are made in their order, each in its own channel',
    run: async (rig) => {
      await rig.start();
      await rig.append([change(rig, 'a', 'old', '0')]);
      await rig.append([
        change(rig, 'a', 'x', '1'),
        change(rig, 'b', 'x', '2'),
        change(rig, 'a', 'x', '3'),
        rig.entry('a', 'without a change'),
        change(rig, 'a', 'old', undefined),
        change(rig, 'a', 'y', '4'),
        change(rig, 'a', 'y', undefined),
        change(rig, 'a', 'z', undefined),
        change(rig, 'a', 'z', '5'),
      ]);
      assert.deepEqual(await itemsOf(rig, 'a'), [
        ['x', '3'],
        ['z', '5'],
      ]);
      assert.deepEqual(await itemsOf(rig, 'b'), [['x', '2']]);
    },
  },
  {
    name: 'an entry with a change is an entry like any other',
    run: async (rig) => {
      await rig.start();
      const recorder = await rig.tail();
      await rig.append([change(rig, 'a', 'x', '1'), change(rig, 'a', 'x', undefined), rig.entry('b', 'plain')]);
      rig.checkPage(await rig.read(), 0, undefined, 10);
      await rig.until('all have come', () => recorder.seen.length >= 3);
      assert.deepEqual(recorder.seqs, [1, 2, 3]);
    },
  },
  {
    name: 'items are kept apart, whatever their ids are made of, and come back as they were given',
    run: async (rig) => {
      await rig.start();
      await rig.append(IDS.map((id, i) => change(rig, 'a', id, `${i}`)));
      const loaded = (await rig.store.loadItems('a'))?.items;
      assert.equal(loaded?.size, IDS.length);
      for (const [i, id] of IDS.entries()) assert.equal(loaded?.get(id), `${i}`, `the item ${JSON.stringify(id)}`);
      await rig.append(IDS.slice(1).map((id) => change(rig, 'a', id, undefined)));
      assert.deepEqual(await itemsOf(rig, 'a'), [['a', '0']]);
    },
  },
  {
    name: 'an item’s JSON comes back as it was given: null, an empty string, any letter, and a long one',
    run: async (rig) => {
      await rig.start();
      const all = [
        'null',
        '""',
        '0',
        'false',
        '{}',
        ` [ "\u2028 \u00e4 \ud83d\ude00 \\u0000" ] `,
        `"${'long '.repeat(20_000)}"`,
      ];
      await rig.append(all.map((json, i) => change(rig, 'a', `${i}`, json)));
      assert.deepEqual(
        (await itemsOf(rig, 'a')).map(([, json]) => json),
        all,
      );
    },
  },
  {
    name: 'channel and id are not mixed up',
    run: async (rig) => {
      await rig.start();
      const pairs = [
        ['a', 'bc'],
        ['ab', 'c'],
        ['a:b', 'c'],
        ['a', 'b:c'],
        ['*', 'x'],
        ['__proto__', 'x'],
      ];
      await rig.append(
        pairs.map(([channel, id]) => change(rig, channel as string, id as string, `"${channel} ${id}"`)),
      );
      assert.deepEqual(await itemsOf(rig, 'a'), [
        ['b:c', '"a b:c"'],
        ['bc', '"a bc"'],
      ]);
      for (const [channel, id] of [pairs[1], pairs[2], pairs[4], pairs[5]] as [string, string][]) {
        assert.deepEqual(await itemsOf(rig, channel), [[id, `"${channel} ${id}"`]]);
      }
    },
  },
  {
    name: 'a duplicate changes no items',
    run: async (rig) => {
      await rig.start();
      await rig.append([change(rig, 'a', 'x', '1', 'key')]);
      await rig.append([change(rig, 'a', 'x', '2')]);
      await rig.append([change(rig, 'a', 'x', '1', 'key')]);
      assert.deepEqual(await itemsOf(rig, 'a'), [['x', '2']]);
      await rig.append([
        change(rig, 'a', 'y', '3', 'other'),
        change(rig, 'a', 'y', '4'),
        change(rig, 'a', 'y', '3', 'other'),
        change(rig, 'a', 'x', undefined, 'key'),
      ]);
      assert.deepEqual(await itemsOf(rig, 'a'), [
        ['x', '2'],
        ['y', '4'],
      ]);
    },
  },
  {
    name: 'a refused append changes no items',
    run: async (rig) => {
      await rig.start();
      await rig.append([change(rig, 'a', 'x', '1')]);
      const batch = [change(rig, 'a', 'x', '2'), change(rig, 'a', 'y', '2'), change(rig, 'b', 'x', '2')];
      await refuses('ERR_SSE_FENCED', () => rig.store.append(batch, { epoch: 'e9', seq: 1 }));
      assert.deepEqual(await itemsOf(rig, 'a'), [['x', '1']]);
      assert.deepEqual(await itemsOf(rig, 'b'), []);
    },
  },
  {
    name: 'they are those of the head, with the epoch in force there',
    run: async (rig) => {
      const placeOf = async (channel: string) => {
        const at = (await rig.store.loadItems(channel))?.at;
        return [at?.epoch, at?.seq];
      };
      await rig.start('e1');
      assert.deepEqual(await placeOf('a'), ['e1', 0]);
      await rig.append([change(rig, 'a', 'x', '1')]);
      await rig.fill('b', 2);
      assert.deepEqual(await placeOf('a'), ['e1', 3]);
      await rig.start('e2');
      assert.deepEqual(await placeOf('a'), ['e1', 3]);
      await rig.fill('b', 1);
      assert.deepEqual(await placeOf('a'), ['e2', 4]);
      assert.deepEqual(await placeOf('never'), ['e2', 4]);
    },
  },
  {
    name: 'what was loaded is what all changes up to its place have made, whenever it is loaded',
    run: async (rig) => {
      await rig.start();
      let isDone = false;
      const appends = async () => {
        for (let i = 1; i <= 20; i++) await rig.append(['x', 'y', 'z'].map((id) => change(rig, 'a', id, `${i}`)));
      };
      const loads = async () => {
        for (let i = 0; i < 5 || !isDone; i++) {
          const loaded = await rig.store.loadItems('a');
          const batches = (loaded?.at.seq ?? 0) / 3;
          const due = batches === 0 ? [] : ['x', 'y', 'z'].map((id) => [id, `${batches}`]);
          assert.deepEqual([...(loaded?.items ?? [])].sort(), due);
          if (i % 5 === 4) await rig.turn();
        }
      };
      const done = appends().finally(() => {
        isDone = true;
      });
      await Promise.all([done, loads(), loads()]);
    },
  },
  {
    name: 'what was loaded stays as it was when more is appended',
    run: async (rig) => {
      await rig.start();
      await rig.append([change(rig, 'a', 'x', '1')]);
      const loaded = await rig.store.loadItems('a');
      await rig.append([change(rig, 'a', 'x', '2'), change(rig, 'a', 'y', '2')]);
      assert.deepEqual([...(loaded?.items ?? [])], [['x', '1']]);
      assert.equal(loaded?.at.seq, 1);
    },
  },
  {
    name: 'concurrent callers’ changes are made in the order of the log',
    run: async (rig) => {
      await rig.start();
      const calls = range(1, 30).map((i) =>
        rig.append([change(rig, 'a', `own ${i}`, `${i}`), change(rig, 'a', 'shared', `${i}`)]),
      );
      const answers = await Promise.all(calls);
      const lasts = seqsOf(answers.map(([, last]) => last as { seq: number }));
      const winner = lasts.indexOf(Math.max(...lasts)) + 1;
      const items = new Map(await itemsOf(rig, 'a'));
      assert.equal(items.size, 31);
      assert.equal(items.get('shared'), `${winner}`);
    },
  },
];
