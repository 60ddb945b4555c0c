/** Items are kept: whatever retention does, for every handle, and after the log was opened again. */
import assert from 'node:assert/strict';
import { DAY, inForceAt, MINUTE, type StoreTest } from '../store-test.js';
import { change, itemsOf } from './items-kit.js';

export const itemsKept: readonly StoreTest[] = [
  {
    name: 'they are kept when retention trims the entries that made them',
    retention: { count: 2 },
    run: async (rig) => {
      await rig.start();
      for (let i = 1; i <= 10; i++) await rig.append([change(rig, 'a', `${i}`, `${i}`)]);
      await rig.untilRetained('a', [9, 10]);
      assert.equal((await itemsOf(rig, 'a')).length, 10);
    },
  },
  {
    name: 'they are kept also where the entry is too large to be retained at all',
    needs: ['retentionPerChannel'],
    retention: { bytes: 20 },
    run: async (rig) => {
      await rig.start();
      await rig.append([{ ...rig.entry('a', 'x'.repeat(100)), item: { id: 'x', json: '1' } }]);
      await rig.untilRetained('a', []);
      assert.deepEqual(await itemsOf(rig, 'a'), [['x', '1']]);
    },
  },
  {
    name: 'they are kept when the channel has been empty for a month',
    needs: ['clock'],
    retention: { ageMs: MINUTE },
    run: async (rig) => {
      await rig.start();
      await rig.append([change(rig, 'a', 'x', '1'), change(rig, 'a', 'y', '2'), change(rig, 'a', 'y', undefined)]);
      await rig.pass(2 * MINUTE);
      await rig.untilRetained('a', []);
      for (let i = 0; i < 30; i++) await rig.pass(DAY);
      assert.deepEqual(await itemsOf(rig, 'a'), [['x', '1']]);
      await rig.append([change(rig, 'a', 'y', '3')]);
      assert.deepEqual(await itemsOf(rig, 'a'), [
        ['x', '1'],
        ['y', '3'],
      ]);
    },
  },
  {
    name: 'what one handle changes another one loads',
    needs: ['shared'],
    run: async (rig) => {
      await rig.start();
      const other = await rig.open();
      await rig.append([change(rig, 'a', 'x', '1'), change(rig, 'a', 'y', '1')]);
      assert.deepEqual(await itemsOf(rig, 'a', other), await itemsOf(rig, 'a'));
      await rig.append([change(rig, 'a', 'y', undefined)], other);
      assert.deepEqual(await itemsOf(rig, 'a'), [['x', '1']]);
    },
  },
  {
    name: 'a log that is opened again has them',
    needs: ['durable'],
    retention: { count: 1 },
    run: async (rig) => {
      await rig.start();
      await rig.append([change(rig, 'a', 'x', '1')]);
      await rig.append([change(rig, 'a', 'y', '1')]);
      await rig.append([change(rig, 'a', 'x', undefined)]);
      await rig.untilRetained('a', [3]);
      await rig.close();
      await rig.open();
      assert.deepEqual(await itemsOf(rig, 'a'), [['y', '1']]);
      assert.equal((await rig.store.loadItems('a'))?.at.seq, 3);
    },
  },
  {
    name: 'a log that has lost a part tells them as of that part’s beginning, or not at all, and never wrong ones',
    needs: ['rollback'],
    run: async (rig) => {
      await rig.start('e1');
      await rig.append([change(rig, 'a', 'x', '1'), change(rig, 'a', 'y', '1'), change(rig, 'b', 'x', '1')]);
      await rig.checkpoint();
      await rig.append([change(rig, 'a', 'x', '2'), change(rig, 'a', 'y', undefined), change(rig, 'c', 'x', '2')]);
      await rig.rollback();
      const expected = new Map([
        ['a', { x: '1', y: '1' } as Record<string, string>],
        ['b', { x: '1' }],
        ['c', {}],
      ]);
      const compare = async () => {
        for (const [channel, items] of expected) {
          const loaded = await rig.store.loadItems(channel);
          if (loaded) assert.deepEqual(Object.fromEntries(loaded.items), items, `the items of "${channel}"`);
        }
      };
      await compare();
      await rig.start('e2');
      await rig.append([change(rig, 'a', 'z', '3'), change(rig, 'c', 'z', '3')]);
      expected.set('a', { x: '1', y: '1', z: '3' }).set('c', { z: '3' });
      await compare();
      const { head, epochs } = await rig.store.state();
      const at = (await rig.store.loadItems('new'))?.at;
      if (at) assert.deepEqual({ ...at }, { epoch: inForceAt(epochs, head), seq: head });
    },
  },
];
