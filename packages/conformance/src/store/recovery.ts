/** Recovery: what a client gets back that comes from each kind of place. */
import assert from 'node:assert/strict';
import type { Position } from '@headwater/core';
import type { StoreRig } from '../store-rig.js';
import { floorOf, inForceAt, range, type StoreTest, textsOf } from '../store-test.js';
import { areJudgedAlike, judgements, resume } from './places.js';

/** Three entries of epoch `e1`, two of `e3` (`e2` began at the same place), and `e4` begun behind the head. */
async function threeEpochs(rig: StoreRig): Promise<(at: Position) => boolean> {
  await rig.start('e1');
  await rig.fill('a', 3);
  await rig.start('e2');
  await rig.start('e3');
  await rig.put('b', 'b1');
  await rig.put('a', 'a4');
  await rig.start('e4');
  return ({ epoch, seq }) => (seq <= 3 ? epoch === 'e1' : seq <= 5 && epoch === 'e3');
}

const EPOCHS = ['e1', 'e2', 'e3', 'e4', 'e9', ''];

export const recovery: readonly StoreTest[] = [
  {
    name: 'in an empty log the beginning is the only place, and nothing was missed there',
    run: async (rig) => {
      await rig.start('e1');
      assert.deepEqual(await resume(rig, { epoch: 'e1', seq: 0 }, 'a'), []);
      assert.equal(await resume(rig, { epoch: 'e1', seq: 1 }, 'a'), 'refused');
      await areJudgedAlike(rig, ['e1', 'e9'], ({ epoch, seq }) => epoch === 'e1' && seq === 0);
    },
  },
  {
    name: 'from the head nothing was missed, and what comes next comes',
    run: async (rig) => {
      await rig.start('e1');
      await rig.fill('a', 3);
      const head = rig.at;
      assert.deepEqual(await resume(rig, head, 'a'), []);
      const recorder = await rig.tail(head);
      await rig.put('a', 'next');
      await rig.until('it has come', () => recorder.seen.length > 0);
      assert.deepEqual(textsOf(recorder.seen), ['next']);
      assert.deepEqual(await resume(rig, head, 'a'), ['next']);
    },
  },
  {
    name: 'from within history exactly what followed was missed, over epochs too',
    run: async (rig) => {
      await threeEpochs(rig);
      const all = ['a1', 'a2', 'a3', 'a4'];
      for (const seq of range(0, 3)) assert.deepEqual(await resume(rig, { epoch: 'e1', seq }, 'a'), all.slice(seq));
      assert.deepEqual(await resume(rig, { epoch: 'e3', seq: 4 }, 'a'), ['a4']);
      assert.deepEqual(await resume(rig, { epoch: 'e3', seq: 5 }, 'a'), []);
      assert.deepEqual(await resume(rig, { epoch: 'e1', seq: 3 }, 'b'), ['b1']);
      assert.deepEqual(await resume(rig, { epoch: 'e1', seq: 0 }, 'never'), []);
    },
  },
  {
    name: 'from another epoch, or from ahead of the head, nothing is resumed',
    run: async (rig) => {
      await threeEpochs(rig);
      const places = [
        { epoch: 'e9', seq: 3 },
        { epoch: 'e3', seq: 3 },
        { epoch: 'e1', seq: 4 },
        { epoch: 'e2', seq: 4 },
        { epoch: 'e4', seq: 5 },
        { epoch: 'e4', seq: 6 },
        { epoch: 'e3', seq: 6 },
      ];
      for (const at of places) assert.equal(await resume(rig, at, 'a'), 'refused', `seq ${at.seq} of "${at.epoch}"`);
    },
  },
  {
    name: 'every method judges every place alike',
    run: async (rig) => {
      const isValid = await threeEpochs(rig);
      const { epochs } = await rig.store.state();
      for (const seq of range(0, 5)) assert.ok(isValid({ epoch: inForceAt(epochs, seq) ?? '', seq }));
      await areJudgedAlike(rig, EPOCHS, isValid);
    },
  },
  {
    name: 'from the floor everything that is retained was missed, and below it the loss is announced',
    retention: { count: 3 },
    run: async (rig) => {
      await rig.start('e1');
      await rig.fill('a', 10);
      await rig.untilRetained('a', [8, 9, 10]);
      const outcomes = await Promise.all([0, 6, 7, 8, 10].map((seq) => resume(rig, { epoch: 'e1', seq }, 'a')));
      assert.deepEqual(outcomes, ['trimmed', 'trimmed', ['a8', 'a9', 'a10'], ['a9', 'a10'], []]);
      const accepted = await Promise.all([6, 7].map((seq) => judgements(rig, { epoch: 'e1', seq })));
      assert.deepEqual(
        accepted.map(({ append, tail }) => [append, tail]),
        [
          [true, false],
          [true, true],
        ],
      );
    },
  },
  {
    name: 'one channel’s floor does not stop a client of another one',
    needs: ['retentionPerChannel'],
    retention: { count: 2 },
    run: async (rig) => {
      await rig.start('e1');
      await rig.put('quiet', 'q1');
      await rig.fill('a', 8);
      await rig.untilRetained('a', [8, 9]);
      assert.deepEqual(await resume(rig, { epoch: 'e1', seq: 0 }, 'quiet'), ['q1']);
      assert.equal(await resume(rig, { epoch: 'e1', seq: 0 }, 'a'), 'trimmed');
    },
  },
  {
    name: 'a client that is overtaken by retention between two pages is told with the second',
    retention: { count: 4 },
    run: async (rig) => {
      await rig.start('e1');
      await rig.fill('a', 4);
      const first = await rig.read(0, ['a'], 2);
      assert.deepEqual([floorOf(first, 'a'), first.upTo], [0, 2]);
      await rig.fill('a', 4);
      await rig.untilRetained('a', [5, 6, 7, 8]);
      const second = await rig.read(first.upTo, ['a'], 2);
      assert.ok(floorOf(second, 'a') > first.upTo);
    },
  },
  {
    name: 'places are the same in a log that is opened again',
    needs: ['durable'],
    run: async (rig) => {
      const isValid = await threeEpochs(rig);
      await rig.close();
      await rig.open();
      assert.deepEqual(await resume(rig, { epoch: 'e1', seq: 2 }, 'a'), ['a3', 'a4']);
      await areJudgedAlike(rig, EPOCHS, isValid);
    },
  },
  {
    name: 'after a rollback the places up to it are resumed, and those that were lost never again',
    needs: ['rollback'],
    run: async (rig) => {
      await rig.start('e1');
      await rig.fill('a', 3);
      await rig.start('e2');
      await rig.put('a', 'a4');
      await rig.checkpoint();
      await rig.put('a', 'lost');
      await rig.start('e3');
      await rig.put('a', 'lost');
      await rig.rollback();
      const isOfCopy = ({ epoch, seq }: Position) => (seq <= 3 ? epoch === 'e1' : seq <= 4 && epoch === 'e2');
      await areJudgedAlike(rig, ['e1', 'e2', 'e3'], isOfCopy);
      await rig.start('e5');
      await rig.put('a', 'new');
      await rig.put('a', 'newer');
      await rig.put('a', 'newest');
      const isOfNewLog = (at: Position) => (at.seq <= 4 ? isOfCopy(at) : at.seq <= 7 && at.epoch === 'e5');
      await areJudgedAlike(rig, ['e1', 'e2', 'e3', 'e5'], isOfNewLog);
      assert.deepEqual(await resume(rig, { epoch: 'e1', seq: 3 }, 'a'), ['a4', 'new', 'newer', 'newest']);
      assert.equal(await resume(rig, { epoch: 'e2', seq: 5 }, 'a'), 'refused');
      assert.equal(await resume(rig, { epoch: 'e3', seq: 6 }, 'a'), 'refused');
    },
  },
  {
    name: 'after everything was lost nothing that was seen before is resumed',
    needs: ['rollback'],
    run: async (rig) => {
      await rig.checkpoint();
      await rig.start('e1');
      await rig.fill('a', 3);
      await rig.rollback();
      const wasSeen = ({ epoch, seq }: Position) => epoch === 'e1' && seq > 0;
      for (const seq of range(1, 3)) assert.equal(await resume(rig, { epoch: 'e1', seq }, 'a'), 'refused');
      await rig.start('e2');
      await rig.fill('b', 5);
      const { head, epochs } = await rig.store.state();
      assert.equal(head, 5);
      await areJudgedAlike(
        rig,
        ['e1', 'e2'],
        (at) => !wasSeen(at) && at.seq <= 5 && inForceAt(epochs, at.seq) === at.epoch,
      );
      const page = await rig.read(0, ['a', 'b']);
      assert.deepEqual(textsOf(page.entries), ['b1', 'b2', 'b3', 'b4', 'b5']);
    },
  },
];
