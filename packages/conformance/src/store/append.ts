/** Append: atomic, dense, in order, and every byte as it came. */

import assert from 'node:assert/strict';
import { seeded } from '@headwater/testing';
import { encode, inForceAt, range, type StoreTest, seqsOf, textOf, textsOf } from '../store-test.js';

/** Names that have hurt somebody: patterns, paths, prototypes, and the longest. */
const NAMES = [
  'a',
  'A',
  'a:b',
  'a.b',
  '*',
  '>',
  '[a-b]?',
  '{a}',
  '%s',
  "'; --",
  '../a',
  '\\',
  '__proto__',
  'constructor',
  'x'.repeat(200),
];

export const append: readonly StoreTest[] = [
  {
    name: 'seqs are consecutive from 1 on, in the order given',
    run: async (rig) => {
      await rig.start();
      assert.deepEqual(await rig.put('a', '1', '2', '3'), [1, 2, 3]);
      const mixed = await rig.append([rig.entry('b', '4'), rig.entry('a', '5'), rig.entry('c', '6')]);
      assert.deepEqual(seqsOf(mixed), [4, 5, 6]);
      const { entries } = await rig.read();
      assert.deepEqual(textsOf(entries), ['1', '2', '3', '4', '5', '6']);
      assert.deepEqual(seqsOf(entries), range(1, 6));
    },
  },
  {
    name: 'the answer has one position for each entry, with the epoch in force there, and no duplicate',
    run: async (rig) => {
      await rig.start();
      const appended = await rig.append([rig.entry('a', '1'), rig.entry('b', '2')]);
      const plain = appended.map(({ epoch, seq, duplicate }) => ({ epoch, seq, duplicate }));
      assert.deepEqual(plain, [
        { epoch: 'e1', seq: 1, duplicate: false },
        { epoch: 'e1', seq: 2, duplicate: false },
      ]);
    },
  },
  {
    name: 'an append of nothing is answered by nothing, and changes nothing',
    run: async (rig) => {
      await rig.start();
      await rig.put('a', '1');
      assert.deepEqual(await rig.append([]), []);
      assert.equal((await rig.store.state()).head, 1);
    },
  },
  {
    name: 'what an append was answered for is at the head and can be read',
    run: async (rig) => {
      await rig.start();
      for (let i = 1; i <= 10; i++) {
        await rig.put('a', `${i}`);
        assert.equal((await rig.store.state()).head, i);
        assert.deepEqual(seqsOf((await rig.read(i - 1)).entries), [i]);
      }
    },
  },
  {
    name: 'channel, time and every byte of the body come back, and the body given is not changed',
    run: async (rig) => {
      await rig.start();
      const text = 'data: \u0000 \u001f \u007f \ufeff \u2028 \u00e4 \ud83d\ude00 \ufffd\ndata: \ndata:  two spaces \n';
      const bytes = encode(`before${text}after`);
      const body = bytes.subarray(6, bytes.length - 5);
      const time = rig.clock.now() - 123;
      await rig.append([{ channel: 'a', body, time }]);
      const [entry] = (await rig.read()).entries;
      assert.ok(entry);
      assert.deepEqual([entry.channel, entry.time, entry.seq], ['a', time, 1]);
      assert.equal(textOf(entry), text);
      assert.deepEqual(bytes, encode(`before${text}after`));
    },
  },
  {
    name: 'order does not depend on the time of the entries, and the times are kept',
    run: async (rig) => {
      await rig.start();
      const now = rig.clock.now();
      const times = [now, now - 5_000, now + 5_000, now - 1];
      await rig.append(times.map((time) => ({ ...rig.entry('a', `${time}`), time })));
      assert.deepEqual(
        (await rig.read(0, ['a'])).entries.map(({ time }) => time),
        times,
      );
    },
  },
  {
    name: 'a batch of hundreds keeps its order',
    run: async (rig) => {
      await rig.start();
      const texts = range(1, 400).map(String);
      await rig.put('a', ...texts);
      assert.deepEqual(textsOf((await rig.read(0, ['a'])).entries), texts);
    },
  },
  {
    name: 'a batch is seen as a whole or not at all, whenever it is read',
    run: async (rig) => {
      await rig.start();
      const texts = range(1, 20).map(String);
      let isDone = false;
      const appends = async () => {
        for (let i = 0; i < 6; i++) await rig.put(i % 2 ? 'a' : 'b', ...texts);
      };
      const reads = async () => {
        for (let i = 0; i < 5 || !isDone; i++) {
          assert.equal((await rig.store.state()).head % 20, 0);
          assert.equal((await rig.read()).entries.length % 20, 0);
          if (i % 5 === 4) await rig.turn();
        }
      };
      const done = appends().finally(() => {
        isDone = true;
      });
      await Promise.all([done, reads(), reads()]);
    },
  },
  {
    name: 'batches of concurrent callers stay together, and leave no gap',
    run: async (rig) => {
      await rig.start();
      const callers = range(1, 25);
      const answers = await Promise.all(callers.map((i) => rig.put(`c${i}`, '1', '2', '3', '4')));
      for (const seqs of answers) assert.deepEqual(seqs, range(seqs[0] as number, (seqs[0] as number) + 3));
      assert.deepEqual(
        answers.flat().sort((a, b) => a - b),
        range(1, 100),
      );
      const page = await rig.read();
      rig.checkPage(page, 0, undefined, 1_000);
      assert.equal(page.entries.length, 100);
    },
  },
  {
    name: 'channels are kept apart, whatever their names are made of',
    run: async (rig) => {
      await rig.start();
      for (const name of NAMES) await rig.put(name, `to ${name}`);
      for (const name of NAMES) assert.deepEqual(textsOf((await rig.read(0, [name])).entries), [`to ${name}`]);
      assert.deepEqual(
        (await rig.read()).entries.map(({ channel }) => channel),
        NAMES,
      );
    },
  },
  {
    name: 'everything acknowledged is there, once and in order, after many callers and batches of any size',
    run: async (rig) => {
      await rig.start();
      const random = seeded(1);
      const caller = async (name: string) => {
        for (let i = 0; i < 10; i++) {
          const texts = range(1, Math.floor(random() * 6)).map((n) => `${name} ${i} ${n}`);
          await rig.append(texts.map((text) => rig.entry(random() < 0.5 ? 'a' : 'b', text)));
        }
      };
      await Promise.all(['x', 'y', 'z'].map(caller));
      const { head, epochs } = await rig.store.state();
      assert.deepEqual(
        seqsOf(rig.written).sort((a, b) => a - b),
        range(1, head),
      );
      assert.equal(inForceAt(epochs, head), 'e1');
      rig.checkPage(await rig.read(), 0, undefined, 1_000);
      rig.checkPage(await rig.read(0, ['a']), 0, ['a'], 1_000);
    },
  },
];
