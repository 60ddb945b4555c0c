/** Tail: every entry, once, in order, from the place asked for until it is stopped or lost. */
import assert from 'node:assert/strict';
import type { Entry } from '@headwater/core';
import { range, refuses, type StoreTest, textOf, textsOf } from '../store-test.js';

const plain = ({ seq, epoch, channel, time, prev, body }: Entry) => [seq, epoch, channel, time, prev, textOf({ body })];

export const tail: readonly StoreTest[] = [
  {
    name: 'a tail from the head tells what is appended from then on',
    run: async (rig) => {
      await rig.start();
      await rig.fill('a', 3);
      const recorder = await rig.tail();
      await rig.put('b', '4', '5');
      await rig.until('two entries have come', () => recorder.seen.length >= 2);
      assert.deepEqual(textsOf(recorder.seen), ['4', '5']);
    },
  },
  {
    name: 'a tail from behind tells first what is there already',
    run: async (rig) => {
      await rig.start();
      const from = rig.at;
      await rig.fill('a', 10);
      const recorder = await rig.tail(from);
      await rig.fill('b', 10);
      await rig.until('all have come', () => recorder.seen.length >= 20);
      await rig.settle();
      assert.deepEqual(recorder.seqs, range(1, 20));
    },
  },
  {
    name: 'a tail that begins among appends has neither gap nor repetition where its backlog ends',
    run: async (rig) => {
      await rig.start();
      const from = rig.at;
      const appends = range(1, 40).map((i) => rig.put('a', `${i}.1`, `${i}.2`));
      const recorders = await Promise.all([rig.tail(from), rig.tail(from), rig.tail(from)]);
      await Promise.all(appends);
      await rig.put('a', 'last');
      for (const recorder of recorders) {
        await rig.until('the last one has come', () => recorder.seqs.at(-1) === 81);
        assert.deepEqual(recorder.seqs, range(1, 81));
      }
    },
  },
  {
    name: 'a tail tells the entries of concurrent callers in the order of the log, as they are read',
    run: async (rig) => {
      await rig.start();
      const recorder = await rig.tail();
      await Promise.all(range(1, 20).map((i) => rig.put(`c${i % 4}`, `${i}.1`, `${i}.2`, `${i}.3`)));
      await rig.until('all have come', () => recorder.seen.length >= 60);
      await rig.settle();
      assert.deepEqual(recorder.seen.map(plain), (await rig.read()).entries.map(plain));
    },
  },
  {
    name: 'a tail goes on over the beginning of an epoch',
    run: async (rig) => {
      await rig.start('e1');
      const recorder = await rig.tail();
      await rig.put('a', '1');
      await rig.start('e2');
      await rig.put('a', '2');
      await rig.until('both have come', () => recorder.seen.length >= 2);
      assert.deepEqual(
        recorder.seen.map(({ seq, epoch }) => [seq, epoch]),
        [
          [1, 'e1'],
          [2, 'e2'],
        ],
      );
    },
  },
  {
    name: 'a tail that is stopped is not called again, and others are not disturbed',
    run: async (rig) => {
      await rig.start();
      const [stopped, other] = [await rig.tail(), await rig.tail()];
      await rig.put('a', '1');
      await rig.until('both have heard it', () => stopped.seen.length > 0 && other.seen.length > 0);
      stopped.tail?.stop();
      stopped.tail?.stop();
      await rig.put('a', '2');
      await rig.until('the other has heard the next', () => other.seen.length >= 2);
      await rig.settle();
      assert.deepEqual([stopped.seqs, stopped.errors, other.seqs], [[1], [], [1, 2]]);
    },
  },
  {
    name: 'a tail can be stopped by its own listener',
    run: async (rig) => {
      await rig.start();
      const [stopped, other] = [await rig.tail(), await rig.tail()];
      stopped.onEntries = () => stopped.tail?.stop();
      await rig.put('a', '1');
      await rig.until('it has been called', () => stopped.seen.length > 0);
      await rig.put('a', '2');
      await rig.until('the other has heard both', () => other.seen.length >= 2);
      await rig.settle();
      assert.deepEqual([stopped.seqs, stopped.errors, other.seqs], [[1], [], [1, 2]]);
    },
  },
  {
    name: 'a listener that appends hears of it afterwards, as everybody does',
    run: async (rig) => {
      await rig.start();
      const recorders = [await rig.tail(), await rig.tail(), await rig.tail()];
      const appends: Promise<unknown>[] = [];
      const [, appending] = recorders;
      if (appending) appending.onEntries = ([first]) => first?.seq === 1 && appends.push(rig.put('b', '3', '4'));
      await rig.put('a', '1', '2');
      for (const { seen } of recorders) await rig.until('all have come', () => seen.length >= 4);
      await Promise.all(appends);
      for (const recorder of recorders) assert.deepEqual(recorder.seqs, [1, 2, 3, 4]);
    },
  },
  {
    name: 'a tail from behind what was trimmed is refused, and one from there is not',
    retention: { count: 3 },
    run: async (rig) => {
      await rig.start();
      await rig.fill('a', 10);
      await rig.untilRetained('a', [8, 9, 10]);
      for (const seq of [0, 6]) await refuses('ERR_SSE_POSITION', () => rig.tail({ epoch: 'e1', seq }));
      const recorder = await rig.tail({ epoch: 'e1', seq: 7 });
      await rig.until('the rest has come', () => recorder.seen.length >= 3);
      assert.deepEqual(recorder.seqs, [8, 9, 10]);
    },
  },
  {
    name: 'a tail leaves out nothing that retention trims at once, or it is lost',
    retention: { count: 3 },
    run: async (rig) => {
      await rig.start();
      const recorder = await rig.tail();
      await rig.put('a', ...range(1, 10).map(String));
      await rig.until('all have come, or it is lost', () => recorder.seen.length >= 10 || recorder.errors.length > 0);
      assert.deepEqual(recorder.seqs, range(1, recorder.seen.length));
    },
  },
  {
    name: 'a tail whose place is lost says so once, and nothing after it',
    needs: ['rollback'],
    run: async (rig) => {
      await rig.start('e1');
      const [recorder, stopped] = [await rig.tail(), await rig.tail()];
      await rig.fill('a', 3);
      await rig.checkpoint();
      await rig.fill('a', 2);
      await rig.until('all have come', () => recorder.seen.length >= 5 && stopped.seen.length >= 5);
      stopped.tail?.stop();
      await rig.rollback();
      await rig.until('it is lost', () => recorder.errors.length > 0);
      await rig.start('e2');
      await rig.store.append([rig.entry('a', '4'), rig.entry('a', '5'), rig.entry('a', '6')], rig.at);
      const other = await rig.tail({ epoch: 'e1', seq: 3 });
      await rig.until('another tail has heard all', () => other.seen.length >= 3);
      await rig.settle();
      recorder.tail?.stop();
      assert.deepEqual([recorder.seqs, recorder.errors.length], [range(1, 5), 1]);
      assert.deepEqual(stopped.errors, []);
    },
  },
  {
    name: 'the tails of all handles say so',
    needs: ['shared', 'rollback'],
    run: async (rig) => {
      await rig.start('e1');
      const recorders = [await rig.tail(), await rig.tail(rig.at, await rig.open())];
      await rig.fill('a', 1);
      await rig.checkpoint();
      await rig.fill('a', 2);
      for (const { seen } of recorders) await rig.until('all have come', () => seen.length >= 3);
      await rig.rollback();
      for (const { errors } of recorders) await rig.until('it is lost', () => errors.length > 0);
      for (const { seqs, errors } of recorders) assert.deepEqual([seqs, errors.length], [[1, 2, 3], 1]);
    },
  },
];
