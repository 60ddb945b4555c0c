/** Writers: many appends at once, of one handle and of several, each of them whole, and all of them in one order. */

import assert from 'node:assert/strict';
import { hasCode, type NewEntry, type Store } from '@headwater/core';
import { seeded } from '@headwater/testing';
import type { StoreRig } from '../store-rig.js';
import { inForceAt, range, type StoreTest, seqsOf, textsOf } from '../store-test.js';

/** Fails unless the answers of one handle's calls, in the order of the calls, are consecutive batches that ascend. */
function isInOrder(answers: readonly (readonly number[])[]): void {
  let last = 0;
  for (const seqs of answers) {
    const [first = last + 1] = seqs;
    assert.ok(first > last, `seq ${first} belongs to a later call than ${last}`);
    assert.deepEqual(seqs, range(first, first + seqs.length - 1), 'a batch is consecutive');
    last = seqs.at(-1) ?? last;
  }
}

async function appendAll(
  rig: StoreRig,
  batches: readonly (readonly NewEntry[])[],
  store: Store = rig.store,
): Promise<number[][]> {
  const answers = await Promise.all(batches.map((batch) => rig.append(batch, store)));
  return answers.map(seqsOf);
}

/** Fails unless the log is dense up to its head, and holds what was acknowledged where it was acknowledged. */
async function isWhole(rig: StoreRig, count: number): Promise<void> {
  const page = await rig.read();
  assert.deepEqual(seqsOf(page.entries), range(1, count));
  rig.checkPage(page, 0, undefined, count);
  assert.equal((await rig.store.state()).head, count);
}

export const writers: readonly StoreTest[] = [
  {
    name: 'the calls of one handle are written in the order in which they were made, each as one batch',
    run: async (rig) => {
      await rig.start();
      const batches = range(1, 80).map((i) => range(1, i % 4).map((n) => rig.entry(`c${n}`, `${i}.${n}`)));
      isInOrder(await appendAll(rig, batches));
      await isWhole(rig, 120);
      const texts = batches.flat().map(({ body }) => new TextDecoder().decode(body));
      assert.deepEqual(textsOf((await rig.read()).entries), texts);
    },
  },
  {
    name: 'calls made while others are under way come after them',
    run: async (rig) => {
      await rig.start();
      const calls: Promise<number[]>[] = [];
      for (let wave = 1; wave <= 10; wave++) {
        const next = range(1, 5).map((i) => rig.put('a', `${wave}.${i}`, `${wave}.${i} too`));
        // A failure is the test's when all are awaited, and until then nobody's.
        for (const call of next) call.catch(() => {});
        calls.push(...next);
        if (wave % 3 === 0) await rig.turn();
        else for (let i = 0; i < wave; i++) await Promise.resolve();
      }
      isInOrder(await Promise.all(calls));
      await isWhole(rig, 100);
    },
  },
  {
    name: 'large calls and small ones keep their order and their batches',
    run: async (rig) => {
      await rig.start();
      const large = 'x'.repeat(100_000);
      const batches = range(1, 12).map((i) => [rig.entry('a', `${i}${large}`), rig.entry('b', `${i}`)]);
      const many = range(1, 700).map((n) => rig.entry('c', `${n}`));
      isInOrder(await appendAll(rig, [...batches.slice(0, 6), many, ...batches.slice(6)]));
      await isWhole(rig, 724);
    },
  },
  {
    name: 'a call that the fence refuses does not harm the ones beside it',
    run: async (rig) => {
      await rig.start('e1');
      await rig.fill('a', 1);
      const recorder = await rig.tail();
      const refused = (i: number) =>
        rig.store.append([rig.entry('a', 'refused'), rig.entry('b', 'refused', 'key')], { epoch: 'e9', seq: i % 3 });
      const calls = range(1, 40).map((i) => (i % 2 ? refused(i) : rig.put('a', `${i}.1`, `${i}.2`)));
      const outcomes = await Promise.allSettled<unknown>(calls);
      for (const [i, outcome] of outcomes.entries()) {
        if (i % 2 > 0) continue;
        assert.equal(outcome.status, 'rejected', 'a refused call is refused');
        assert.ok(hasCode((outcome as PromiseRejectedResult).reason, 'ERR_SSE_FENCED'));
      }
      isInOrder((await Promise.all(calls.filter((_, i) => i % 2 > 0))) as number[][]);
      await isWhole(rig, 41);
      await rig.until('all have come', () => recorder.seen.length >= 40);
      assert.deepEqual(recorder.seqs, range(2, 41));
      const [fresh] = await rig.append([rig.entry('b', 'accepted', 'key')]);
      assert.deepEqual([fresh?.seq, fresh?.duplicate], [42, false]);
    },
  },
  {
    name: 'the writers of several handles share one dense order, and each keeps its own',
    needs: ['shared'],
    run: async (rig) => {
      await rig.start();
      const stores = [rig.store, await rig.open(), await rig.open()];
      const batchesOf = (n: number) => range(1, 15).map((i) => range(0, i % 3).map(() => rig.entry(`c${n}`, `${i}`)));
      const answers = await Promise.all(stores.map((store, n) => appendAll(rig, batchesOf(n), store)));
      for (const own of answers) isInOrder(own);
      await isWhole(rig, 90);
    },
  },
  {
    name: 'the tails of all handles tell the same, in the order in which it is read',
    needs: ['shared'],
    run: async (rig) => {
      await rig.start();
      const stores = [rig.store, await rig.open(), await rig.open()];
      const recorders = await Promise.all(stores.map((store) => rig.tail(rig.at, store)));
      const call = (i: number) => {
        const batch = range(1, 1 + (i % 3)).map((n) => rig.entry(`c${i % 4}`, `${i}.${n}`));
        return rig.append(batch, stores[i % 3]);
      };
      await Promise.all(range(1, 30).map(call));
      const late = await rig.tail({ epoch: 'e1', seq: 0 }, stores[2]);
      const { entries } = await rig.read();
      assert.deepEqual(seqsOf(entries), range(1, 60));
      for (const recorder of [...recorders, late]) {
        await rig.until('all have come', () => recorder.seen.length >= 60);
        await rig.settle();
        assert.deepEqual(recorder.seqs, seqsOf(entries));
        assert.deepEqual(textsOf(recorder.seen), textsOf(entries));
      }
    },
  },
  {
    name: 'a key that several writers use at once gives one entry, and all are told where',
    run: async (rig) => {
      await rig.start();
      const keys = range(1, 5).map((n) => `key${n}`);
      const calls = range(1, 10).flatMap((i) =>
        keys.map((key) => rig.append([rig.entry('a', `${key} ${i}`, key), rig.entry('b', `${key} ${i}`)])),
      );
      await isOncePerKey(rig, keys, await Promise.all(calls));
    },
  },
  {
    name: 'a key that several handles use at once gives one entry, and all are told where',
    needs: ['shared'],
    run: async (rig) => {
      await rig.start();
      const stores = [rig.store, await rig.open()];
      const keys = range(1, 5).map((n) => `key${n}`);
      const calls = range(1, 10).flatMap((i) =>
        keys.map((key) => rig.append([rig.entry('a', `${key} ${i}`, key), rig.entry('b', 'x')], stores[i % 2])),
      );
      await isOncePerKey(rig, keys, await Promise.all(calls));
    },
  },
  {
    name: 'a batch has one epoch, also where other handles begin epochs among the writers',
    needs: ['shared'],
    run: async (rig) => {
      await rig.start('e1');
      const stores = [rig.store, await rig.open(), await rig.open()];
      const random = seeded(11);
      const batches: number[][] = [];
      const write = async (store: Store | undefined) => {
        for (let i = 0; i < 6; i++) {
          const entries = range(0, Math.floor(random() * 4)).map((n) => rig.entry('a', `${i}.${n}`));
          batches.push(seqsOf(await rig.append(entries, store)));
        }
      };
      const begin = async (n: number) => {
        for (let i = 1; i <= 3; i++) await (stores[n] as Store).startEpoch(`e${n}-${i}`);
      };
      await Promise.all([...stores, ...stores].map(write).concat([begin(0), begin(1), begin(2)]));
      const { epochs } = await rig.store.state();
      const { entries } = await rig.read();
      const stamps = new Map(entries.map(({ seq, epoch }) => [seq, epoch]));
      for (const { seq, epoch } of entries) assert.equal(epoch, inForceAt(epochs, seq), `the epoch of seq ${seq}`);
      for (const seqs of batches) assert.equal(new Set(seqs.map((seq) => stamps.get(seq))).size, 1);
      for (const store of stores) assert.deepEqual((await store.state()).epochs, epochs);
    },
  },
];

type Answers = Awaited<ReturnType<Store['append']>>;

/** Fails unless the calls, which used the keys in turn, have written one entry for each of them, and everything else. */
async function isOncePerKey(rig: StoreRig, keys: readonly string[], answers: readonly Answers[]): Promise<void> {
  const places = keys.map((_, n) => answers.filter((_, i) => i % keys.length === n).map(([keyed]) => keyed));
  for (const told of places) {
    assert.equal(new Set(told.map((answer) => answer?.seq)).size, 1, 'all are told the same place');
    assert.equal(told.filter((answer) => !answer?.duplicate).length, 1, 'one of them has written it');
  }
  assert.equal((await rig.read(0, ['a'])).entries.length, keys.length);
  await isWhole(rig, keys.length + answers.length);
}
