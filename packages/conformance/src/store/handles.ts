/** Handles: what the store says of itself, several handles on one log, and a log that is opened again. */
import assert from 'node:assert/strict';
import { inForceAt, range, refuses, type StoreTest, seqsOf, textsOf } from '../store-test.js';

export const handles: readonly StoreTest[] = [
  {
    name: 'the store supports what the suite was told',
    run: async (rig) => {
      assert.deepEqual({ ...rig.store.supports }, { ...rig.options.supports });
    },
  },
  {
    name: 'what one handle appends another one reads and tails, in the same order',
    needs: ['shared'],
    run: async (rig) => {
      await rig.start('e1');
      const other = await rig.open();
      const recorders = [await rig.tail(), await rig.tail(rig.at, other)];
      const call = (i: number) =>
        rig.append([rig.entry('a', `${i}.1`), rig.entry('b', `${i}.2`)], i % 2 ? rig.store : other);
      await Promise.all(range(1, 30).map(call));
      for (const { seen } of recorders) await rig.until('all have come', () => seen.length >= 60);
      for (const recorder of recorders) assert.deepEqual(recorder.seqs, range(1, 60));
      assert.deepEqual(textsOf(recorders[0]?.seen ?? []), textsOf(recorders[1]?.seen ?? []));
      for (const store of [rig.store, other]) rig.checkPage(await store.read(0, undefined, 100), 0, undefined, 100);
    },
  },
  {
    name: 'what one handle appended, another one knows at once: the entry, the head, the key',
    needs: ['shared'],
    run: async (rig) => {
      await rig.start('e1');
      const other = await rig.open();
      await rig.append([rig.entry('a', '1', 'key')]);
      assert.equal((await other.state()).head, 1);
      assert.deepEqual(seqsOf((await other.read(0, ['a'], 9)).entries), [1]);
      const [again] = await rig.append([rig.entry('a', '1', 'key')], other);
      assert.deepEqual([again?.seq, again?.duplicate], [1, true]);
    },
  },
  {
    name: 'an epoch that one handle begins is in force for the other one’s entries, whose old positions stay valid',
    needs: ['shared'],
    run: async (rig) => {
      await rig.start('e1');
      const other = await rig.open();
      await rig.put('a', '1');
      const { epochs } = await other.startEpoch('e2');
      assert.deepEqual([inForceAt(epochs, 1), inForceAt(epochs, 2)], ['e1', 'e2']);
      const [appended] = await rig.append([rig.entry('a', '2')]);
      assert.deepEqual([appended?.seq, appended?.epoch], [2, 'e2']);
      assert.deepEqual(await rig.store.state(), await other.state());
      await refuses('ERR_SSE_FENCED', () => other.append([rig.entry('a', 'x')], { epoch: 'e2', seq: 1 }));
    },
  },
  {
    name: 'a snapshot that one handle saves another one loads',
    needs: ['shared', 'snapshots'],
    run: async (rig) => {
      await rig.start();
      const other = await rig.open();
      await rig.fill('a', 1);
      await rig.store.saveSnapshot('a', { at: rig.at, data: 'x', time: rig.clock.now() });
      assert.equal((await other.loadSnapshot('a'))?.data, 'x');
    },
  },
  {
    name: 'a handle that is closed leaves the others open',
    needs: ['shared'],
    run: async (rig) => {
      await rig.start();
      const other = await rig.open();
      const [own, gone] = [await rig.tail(), await rig.tail(rig.at, other)];
      await other.close();
      await rig.put('a', '1');
      await rig.until('it has come', () => own.seen.length > 0);
      await rig.settle();
      assert.deepEqual([own.seqs, gone.seqs, gone.errors], [[1], [], []]);
      await refuses('ERR_SSE_CLOSED', () => other.state());
    },
  },
  {
    name: 'a log that is opened again has its entries, epochs, floors and keys',
    needs: ['durable'],
    retention: { count: 5 },
    run: async (rig) => {
      await rig.start('e1');
      await rig.append([rig.entry('b', '1', 'key')]);
      await rig.fill('a', 9);
      await rig.untilRetained('a', range(6, 10));
      const before = { state: await rig.store.state(), page: await rig.read(0, ['a', 'b']) };
      await rig.close();
      await rig.open();
      assert.deepEqual(await rig.store.state(), before.state);
      const page = await rig.read(0, ['a', 'b']);
      assert.deepEqual(textsOf(page.entries), textsOf(before.page.entries));
      assert.deepEqual([page.floors.get('a'), page.upTo], [5, 10]);
      assert.equal(page.floors.get('b'), before.page.floors.get('b'));
      const [again] = await rig.append([rig.entry('b', '1', 'key')]);
      assert.deepEqual([again?.seq, again?.duplicate], [1, true]);
      await rig.start('e2');
      assert.deepEqual(await rig.put('a', 'next'), [11]);
      assert.equal(inForceAt((await rig.store.state()).epochs, 11), 'e2');
      if (rig.store.supports.prev) assert.equal((await rig.read(10)).entries[0]?.prev, 10);
    },
  },
  {
    name: 'a log that is opened again has its snapshots',
    needs: ['durable', 'snapshots'],
    run: async (rig) => {
      await rig.start();
      await rig.fill('a', 2);
      await rig.store.saveSnapshot('a', { at: rig.at, data: 'kept', time: rig.clock.now() });
      await rig.close();
      await rig.open();
      assert.equal((await rig.store.loadSnapshot('a'))?.data, 'kept');
    },
  },
];
