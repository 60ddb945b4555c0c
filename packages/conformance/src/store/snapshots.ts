/** Snapshots: the latest one, as it was given, and only while what follows it can still be had. */
import assert from 'node:assert/strict';
import type { Position } from '@headwater/core';
import type { StoreRig } from '../store-rig.js';
import { DAY, floorOf, MINUTE, range, refuses, type StoreTest } from '../store-test.js';

function save(rig: StoreRig, channel: string, at: Position, data: string): Promise<void> {
  return rig.store.saveSnapshot(channel, { at, data, time: rig.clock.now() });
}

async function dataOf(rig: StoreRig, channel: string): Promise<string | undefined> {
  return (await rig.store.loadSnapshot(channel))?.data;
}

const at = (seq: number, epoch = 'e1'): Position => ({ epoch, seq });

const tests: readonly StoreTest[] = [
  {
    name: 'a snapshot comes back as it was saved, for its channel only',
    run: async (rig) => {
      await rig.start();
      await rig.fill('a', 2);
      const data = `{"text":"\u0000 \u2028 \ud83d\ude00 ${'long '.repeat(20_000)}"}`;
      const time = rig.clock.now() - MINUTE;
      assert.equal(await rig.store.loadSnapshot('a'), undefined);
      await rig.store.saveSnapshot('a', { at: at(2), data, time });
      const loaded = await rig.store.loadSnapshot('a');
      assert.deepEqual({ at: { ...loaded?.at }, data: loaded?.data, time: loaded?.time }, { at: at(2), data, time });
      assert.equal(await rig.store.loadSnapshot('b'), undefined);
    },
  },
  {
    name: 'a later snapshot replaces an earlier one, an earlier one changes nothing, and one of the same place is newer',
    run: async (rig) => {
      await rig.start();
      await rig.fill('a', 5);
      await save(rig, 'a', at(3), 'third');
      await save(rig, 'a', at(4), 'fourth');
      assert.equal(await dataOf(rig, 'a'), 'fourth');
      await save(rig, 'a', at(2), 'second');
      assert.equal(await dataOf(rig, 'a'), 'fourth');
      await save(rig, 'a', at(4), 'fourth again');
      assert.equal(await dataOf(rig, 'a'), 'fourth again');
    },
  },
  {
    name: 'of snapshots saved at the same time the latest one stays',
    run: async (rig) => {
      await rig.start();
      await rig.fill('a', 20);
      const seqs = range(1, 20).map((i) => ((i * 7) % 20) + 1);
      await Promise.all(seqs.map((seq) => save(rig, 'a', at(seq), `${seq}`)));
      assert.equal(await dataOf(rig, 'a'), '20');
    },
  },
  {
    name: 'a snapshot may be of any place: of the beginning, of another channel’s entry, of an earlier epoch',
    run: async (rig) => {
      await rig.start('e1');
      await save(rig, 'a', at(0), 'empty');
      await rig.fill('b', 3);
      assert.equal(await dataOf(rig, 'a'), 'empty');
      await rig.start('e2');
      await rig.fill('b', 2);
      await save(rig, 'a', at(2), 'of e1');
      assert.equal(await dataOf(rig, 'a'), 'of e1');
      await save(rig, 'a', at(5, 'e2'), 'of e2');
      assert.equal(await dataOf(rig, 'a'), 'of e2');
    },
  },
  {
    name: 'a snapshot of a place that is not part of the log is refused, and the kept one stays',
    run: async (rig) => {
      await rig.start('e1');
      await rig.fill('a', 3);
      await save(rig, 'a', at(1), 'kept');
      await rig.start('e2');
      for (const wrong of [at(4), at(4, 'e2'), at(3, 'e2'), at(2, 'e9')]) {
        await refuses('ERR_SSE_POSITION', () => save(rig, 'a', wrong, 'refused'));
      }
      assert.equal(await dataOf(rig, 'a'), 'kept');
    },
  },
  {
    name: 'a snapshot below the channel’s floor is refused, and one at the floor is not',
    retention: { count: 3 },
    run: async (rig) => {
      await rig.start();
      await rig.fill('a', 10);
      await rig.untilRetained('a', [8, 9, 10]);
      await refuses('ERR_SSE_POSITION', () => save(rig, 'a', at(6), 'refused'));
      assert.equal(await dataOf(rig, 'a'), undefined);
      await save(rig, 'a', at(7), 'at the floor');
      assert.equal(await dataOf(rig, 'a'), 'at the floor');
    },
  },
  {
    name: 'a kept snapshot is given until the floor has passed it',
    retention: { count: 3 },
    run: async (rig) => {
      await rig.start();
      await rig.fill('a', 3);
      await save(rig, 'a', at(1), 'kept');
      await rig.fill('a', 1);
      await rig.untilRetained('a', [2, 3, 4]);
      assert.equal(await dataOf(rig, 'a'), 'kept');
      await rig.fill('a', 1);
      await rig.untilRetained('a', [3, 4, 5]);
      assert.equal(await dataOf(rig, 'a'), undefined);
    },
  },
  {
    name: 'a snapshot is kept for seven days, and one that has expired does not stand in the way',
    needs: ['clock'],
    run: async (rig) => {
      await rig.start();
      await rig.fill('a', 5);
      await save(rig, 'a', at(4), 'old');
      await rig.pass(7 * DAY - MINUTE);
      assert.equal(await dataOf(rig, 'a'), 'old');
      await rig.pass(2 * MINUTE);
      assert.equal(await dataOf(rig, 'a'), undefined);
      await save(rig, 'a', at(2), 'new');
      assert.equal(await dataOf(rig, 'a'), 'new');
    },
  },
  {
    name: 'a snapshot of a channel that has become empty is given as long as nothing after it was trimmed',
    needs: ['clock'],
    retention: { ageMs: MINUTE },
    run: async (rig) => {
      await rig.start();
      await rig.fill('a', 3);
      await save(rig, 'a', at(3), 'kept');
      await rig.pass(2 * MINUTE);
      await rig.untilRetained('a', []);
      for (let i = 0; i < 6; i++) {
        await rig.pass(DAY);
        const isBelow = floorOf(await rig.read(0, ['a'], 0), 'a') > 3;
        assert.equal(await dataOf(rig, 'a'), isBelow ? undefined : 'kept');
      }
    },
  },
  {
    name: 'a snapshot of a place that a rollback has lost is never given again',
    needs: ['rollback'],
    run: async (rig) => {
      await rig.start('e1');
      await rig.fill('a', 3);
      await save(rig, 'b', at(2), 'kept');
      await rig.checkpoint();
      await rig.fill('a', 2);
      await save(rig, 'a', at(4), 'lost');
      await rig.rollback();
      assert.equal(await dataOf(rig, 'a'), undefined);
      await rig.start('e2');
      await rig.fill('a', 4);
      assert.equal(await dataOf(rig, 'a'), undefined);
      assert.equal(await dataOf(rig, 'b'), 'kept');
      await save(rig, 'a', at(2), 'new');
      assert.equal(await dataOf(rig, 'a'), 'new');
    },
  },
];

export const snapshots: readonly StoreTest[] = tests.map((test) => ({
  ...test,
  needs: ['snapshots', ...(test.needs ?? [])],
}));
