/** Epochs: where they begin, which one is in force, and that every entry carries it. */
import assert from 'node:assert/strict';
import type { Store } from '@headwater/core';
import type { StoreRig } from '../store-rig.js';
import { inForceAt, range, refuses, type StoreTest, seqsOf } from '../store-test.js';

export const epochs: readonly StoreTest[] = [
  {
    name: 'a new log has its head at 0 and no epoch',
    run: async (rig) => {
      assert.deepEqual(await rig.store.state(), { head: 0, epochs: [] });
    },
  },
  {
    name: 'the first epoch begins at 0',
    run: async (rig) => {
      assert.deepEqual(await rig.store.startEpoch('e1'), { head: 0, epochs: [{ epoch: 'e1', start: 0 }] });
    },
  },
  {
    name: 'a later epoch begins behind the head',
    run: async (rig) => {
      await rig.start('e1');
      await rig.fill('a', 3);
      const state = await rig.store.startEpoch('e2');
      assert.deepEqual(state, {
        head: 3,
        epochs: [
          { epoch: 'e1', start: 0 },
          { epoch: 'e2', start: 4 },
        ],
      });
      assert.deepEqual(await rig.store.state(), state);
    },
  },
  {
    name: 'a second epoch of an empty log begins at 1, so that place 0 stays the first one’s',
    run: async (rig) => {
      await rig.start('e1');
      const { head, epochs: list } = await rig.store.startEpoch('e2');
      assert.equal(head, 0);
      assert.deepEqual([inForceAt(list, 0), inForceAt(list, 1)], ['e1', 'e2']);
      await refuses('ERR_SSE_FENCED', () => rig.store.append([rig.entry('a', '1')], { epoch: 'e2', seq: 0 }));
      await rig.store.append([rig.entry('a', '1')], { epoch: 'e1', seq: 0 });
    },
  },
  {
    name: 'of epochs with the same beginning the last one is in force',
    run: async (rig) => {
      await rig.start('e1');
      await rig.fill('a', 2);
      await rig.store.startEpoch('e2');
      await rig.store.startEpoch('e3');
      const [appended] = await rig.append([rig.entry('a', '3')]);
      assert.deepEqual([appended?.seq, appended?.epoch], [3, 'e3']);
      const state = await rig.store.state();
      assert.deepEqual(
        range(0, 4).map((seq) => inForceAt(state.epochs, seq)),
        ['e1', 'e1', 'e1', 'e3', 'e3'],
      );
    },
  },
  {
    name: 'an entry is stamped with the epoch that began last, whatever the position of who appended it',
    run: async (rig) => {
      await rig.start('e1');
      const old = { epoch: 'e1', seq: 0 };
      const tail = await rig.tail(old);
      await rig.store.append([rig.entry('a', '1')], old);
      await rig.store.startEpoch('e2');
      const [appended] = await rig.store.append([rig.entry('a', '2')], old);
      await rig.store.startEpoch('e3');
      await rig.store.append([rig.entry('b', '3')], { epoch: 'e2', seq: 2 });
      assert.deepEqual([appended?.seq, appended?.epoch], [2, 'e2']);
      await rig.until('the tail has heard all', () => tail.seen.length >= 3);
      for (const entries of [(await rig.read()).entries, tail.seen]) {
        assert.deepEqual(
          entries.map(({ epoch }) => epoch),
          ['e1', 'e2', 'e3'],
        );
      }
    },
  },
  {
    name: 'the list ascends and ends with the epoch in force, after many of them and with little retained',
    retention: { count: 1 },
    run: async (rig) => {
      for (let i = 1; i <= 60; i++) {
        await rig.start(`e${i}`);
        if (i % 3 > 0) await rig.fill('a', 1);
      }
      const { head, epochs: list } = await rig.store.state();
      const starts = list.map(({ start }) => start);
      assert.equal(head, 40);
      assert.deepEqual(
        starts,
        [...starts].sort((a, b) => a - b),
      );
      assert.deepEqual([inForceAt(list, head), inForceAt(list, head + 1)], ['e59', 'e60']);
    },
  },
  {
    name: 'an epoch that begins among concurrent appends begins at one place for all of them',
    run: async (rig) => {
      await rig.start('e1');
      const appends = range(1, 30).map((i) => rig.put('a', `${i}.1`, `${i}.2`));
      const starts = range(2, 6).map((i) => rig.store.startEpoch(`e${i}`));
      await Promise.all([...appends, ...starts]);
      await rig.put('a', 'last');
      const { head, epochs: list } = await rig.store.state();
      const { entries } = await rig.read();
      assert.deepEqual(seqsOf(entries), range(1, 61));
      for (const { seq, epoch } of entries) assert.equal(epoch, inForceAt(list, seq), `the epoch of seq ${seq}`);
      const stamps = new Map(entries.map(({ seq, epoch }) => [seq, epoch]));
      for (const [first, second] of await Promise.all(appends)) {
        assert.equal(stamps.get(first as number), stamps.get(second as number), 'a batch has one epoch');
      }
      assert.equal(inForceAt(list, head), list.at(-1)?.epoch);
    },
  },
  {
    name: 'of epochs begun at the same time each is told the state after its own beginning, and one of them was last',
    run: async (rig) => {
      await rig.start('e1');
      await rig.fill('a', 2);
      await areBegunAtOnce(
        rig,
        range(2, 7).map(() => rig.store),
      );
    },
  },
  {
    name: 'of epochs begun by several handles at the same time one was last, for all of them',
    needs: ['shared'],
    run: async (rig) => {
      await rig.start('e1');
      await rig.fill('a', 2);
      const stores = [rig.store, await rig.open(), await rig.open()];
      await areBegunAtOnce(rig, [...stores, ...stores]);
      const states = await Promise.all(stores.map((store) => store.state()));
      for (const state of states) assert.deepEqual(state, states[0]);
    },
  },
];

/** Begins an epoch on each of the handles at the same time. */
async function areBegunAtOnce(rig: StoreRig, stores: readonly Store[]): Promise<void> {
  const answers = await Promise.all(stores.map((store, i) => store.startEpoch(`at once ${i}`)));
  for (const [i, { head, epochs: list }] of answers.entries()) {
    assert.deepEqual([head, inForceAt(list, 3), list.at(-1)?.start], [2, `at once ${i}`, 3]);
    assert.deepEqual(
      range(0, 2).map((seq) => inForceAt(list, seq)),
      ['e1', 'e1', 'e1'],
    );
  }
  const { epochs: list } = await rig.store.state();
  const [appended] = await rig.append([rig.entry('a', '3')]);
  assert.deepEqual([appended?.seq, appended?.epoch], [3, inForceAt(list, 3)]);
  assert.match(appended?.epoch ?? '', /^at once /);
}
