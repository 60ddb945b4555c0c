/** Fence: a position that is not part of the log writes nothing and tails nothing. */
import assert from 'node:assert/strict';
import type { Position } from '@headwater/core';
import type { StoreRig } from '../store-rig.js';
import { refuses, type StoreTest, seqsOf } from '../store-test.js';

/** Fails unless an append at `at` is refused and leaves no trace. */
async function isRefused(rig: StoreRig, at: Position): Promise<void> {
  const before = await rig.store.state();
  await refuses('ERR_SSE_FENCED', () => rig.store.append([rig.entry('a', 'refused'), rig.entry('b', 'refused')], at));
  assert.deepEqual(await rig.store.state(), before);
  assert.deepEqual((await rig.read(before.head)).entries, []);
}

/** Three entries of epoch `e1`, then two of `e2`. */
async function twoEpochs(rig: StoreRig): Promise<void> {
  await rig.start('e1');
  await rig.fill('a', 3);
  await rig.start('e2');
  await rig.fill('a', 2);
}

/** Places that are not part of that log: the head is 5. */
const INVALID: readonly Position[] = [
  { epoch: 'e2', seq: 2 },
  { epoch: 'e2', seq: 3 },
  { epoch: 'e1', seq: 4 },
  { epoch: 'e1', seq: 5 },
  { epoch: 'e2', seq: 1_000 },
  { epoch: 'e3', seq: 5 },
  { epoch: 'e3', seq: 0 },
];

/** How far into an append something else comes: so many steps of promises, right behind another append or in a turn of its own. */
const MOMENTS = [false, true].flatMap((isAlone) => [0, 1, 2, 4, 8, 16].map((steps) => ({ isAlone, steps })));

export const fence: readonly StoreTest[] = [
  {
    name: 'an append is accepted at the head and at every place behind it, under the epoch in force there',
    run: async (rig) => {
      await twoEpochs(rig);
      const valid = [
        { epoch: 'e1', seq: 0 },
        { epoch: 'e1', seq: 3 },
        { epoch: 'e2', seq: 4 },
        { epoch: 'e2', seq: 5 },
      ];
      for (const at of valid) await rig.store.append([rig.entry('a', 'accepted')], at);
      assert.equal((await rig.store.state()).head, 9);
    },
  },
  {
    name: 'an append beyond the head is refused as a whole',
    run: async (rig) => {
      await rig.start();
      await isRefused(rig, { epoch: 'e1', seq: 1 });
      await rig.fill('a', 2);
      await isRefused(rig, { epoch: 'e1', seq: 3 });
    },
  },
  {
    name: 'an append under an epoch that is unknown, or not in force at that place, is refused as a whole',
    run: async (rig) => {
      await twoEpochs(rig);
      for (const at of INVALID) await isRefused(rig, at);
    },
  },
  {
    name: 'an append under an epoch that another one replaced at the same beginning is refused',
    run: async (rig) => {
      await twoEpochs(rig);
      await rig.store.startEpoch('e3');
      await rig.start('e4');
      await rig.fill('a', 1);
      await isRefused(rig, { epoch: 'e3', seq: 6 });
      await rig.store.append([rig.entry('a', 'accepted')], { epoch: 'e4', seq: 6 });
    },
  },
  {
    name: 'an append to a log without any epoch is refused',
    run: async (rig) => {
      await isRefused(rig, { epoch: 'e1', seq: 0 });
    },
  },
  {
    name: 'an append of nothing is refused where one of something is',
    run: async (rig) => {
      await twoEpochs(rig);
      for (const at of INVALID) await refuses('ERR_SSE_FENCED', () => rig.store.append([], at));
    },
  },
  {
    name: 'a refused append does not use up its keys',
    run: async (rig) => {
      await rig.start();
      const entries = [rig.entry('a', '1', 'key')];
      await refuses('ERR_SSE_FENCED', () => rig.store.append(entries, { epoch: 'e1', seq: 7 }));
      const [appended] = await rig.append(entries);
      assert.deepEqual([appended?.seq, appended?.duplicate], [1, false]);
    },
  },
  {
    name: 'a tail is refused where an append would be, and its listener hears nothing',
    run: async (rig) => {
      await twoEpochs(rig);
      for (const from of INVALID) {
        const heard: unknown[] = [];
        const listener = { entries: (all: unknown) => heard.push(all), lost: (error: unknown) => heard.push(error) };
        await refuses('ERR_SSE_FENCED', () => rig.store.tail(from, listener));
        await rig.fill('a', 1);
        const other = await rig.tail({ epoch: 'e1', seq: 3 });
        const { head } = await rig.store.state();
        await rig.until('another tail has heard all', () => other.seqs.at(-1) === head);
        assert.deepEqual(heard, []);
        other.tail?.stop();
      }
    },
  },
  {
    name: 'after a rollback the positions that were lost are refused, also once the log has grown over them again',
    needs: ['rollback'],
    run: async (rig) => {
      await rig.start('e1');
      await rig.fill('a', 3);
      await rig.checkpoint();
      await rig.fill('a', 2);
      await rig.rollback();
      const lost = { epoch: 'e1', seq: 5 };
      await isRefused(rig, lost);
      await rig.start('e2');
      assert.deepEqual(rig.at, { epoch: 'e1', seq: 3 });
      await rig.store.append([rig.entry('a', '4'), rig.entry('a', '5'), rig.entry('a', '6')], rig.at);
      await isRefused(rig, lost);
      await refuses('ERR_SSE_FENCED', () => rig.tail(lost));
      const tail = await rig.tail({ epoch: 'e1', seq: 3 });
      await rig.until('the tail has heard of the new entries', () => tail.seen.length >= 3);
      assert.deepEqual(seqsOf(tail.seen), [4, 5, 6]);
    },
  },
  {
    name: 'an append that a rollback overtakes leaves nothing behind',
    needs: ['rollback'],
    run: async (rig) => {
      await rig.start('e');
      await rig.fill('a', 1);
      for (const { isAlone, steps } of MOMENTS) {
        await rig.start(`e${steps}${isAlone ? 'alone' : ''}`);
        const { head } = await rig.store.state();
        await rig.checkpoint();
        await rig.fill('a', 2);
        if (isAlone) await new Promise((resolve) => setImmediate(resolve));
        const overtaken = rig.store.append([rig.entry('a', 'overtaken')], rig.at).catch(() => {});
        for (let i = 0; i < steps; i++) await Promise.resolve();
        await Promise.all([overtaken, rig.rollback()]);
        assert.deepEqual((await rig.read(head)).entries, []);
      }
    },
  },
];
