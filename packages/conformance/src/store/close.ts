/** Close: final, idempotent, and quiet. */
import assert from 'node:assert/strict';
import type { Store } from '@headwater/core';
import { hasCode } from '@headwater/core';
import type { StoreRig } from '../store-rig.js';
import { range, refuses, type StoreTest } from '../store-test.js';
import { Recorder } from '../tail-recorder.js';

/** Every method that a closed store has to refuse. */
function calls(rig: StoreRig, store: Store): Record<string, () => Promise<unknown>> {
  const at = { epoch: 'e1', seq: 0 };
  const { snapshots, items, cursors } = store.supports;
  const snapshot = { at, data: 'x', time: rig.clock.now() };
  return {
    startEpoch: () => store.startEpoch('e2'),
    state: () => store.state(),
    append: () => store.append([rig.entry('a', 'x')], at),
    read: () => store.read(0, undefined, 10),
    tail: () => store.tail(at, new Recorder()),
    ...(snapshots && {
      saveSnapshot: () => store.saveSnapshot('a', snapshot),
      loadSnapshot: () => store.loadSnapshot('a'),
    }),
    ...(items && { loadItems: () => store.loadItems('a') }),
    ...(cursors && {
      saveCursor: () => store.saveCursor('a', snapshot),
      loadCursor: () => store.loadCursor('a'),
    }),
  };
}

export const close: readonly StoreTest[] = [
  {
    name: 'every method of a closed store is refused as closed',
    run: async (rig) => {
      await rig.start();
      await rig.fill('a', 2);
      const { store } = rig;
      await store.close();
      for (const [name, call] of Object.entries(calls(rig, store))) {
        const error = await refuses('ERR_SSE_CLOSED', call);
        assert.ok(error.message.length > 0, `${name} says why`);
      }
    },
  },
  {
    name: 'close may be called again, and at the same time',
    run: async (rig) => {
      await rig.start();
      const { store } = rig;
      await Promise.all([store.close(), store.close()]);
      await store.close();
    },
  },
  {
    name: 'close ends every tail without lost, and no listener is called afterwards',
    run: async (rig) => {
      await rig.start();
      const recorders = [await rig.tail(), await rig.tail()];
      await rig.fill('a', 3);
      for (const { seen } of recorders) await rig.until('all have come', () => seen.length >= 3);
      const { store } = rig;
      await store.close();
      const told = recorders.map(({ seen }) => seen.length);
      void store.append([rig.entry('a', 'x')], rig.at).catch(() => {});
      await rig.settle();
      assert.deepEqual(
        recorders.map(({ seen }) => seen.length),
        told,
      );
      assert.deepEqual(
        recorders.map(({ errors }) => errors),
        [[], []],
      );
    },
  },
  {
    name: 'a tail may be stopped after close',
    run: async (rig) => {
      await rig.start();
      const recorder = await rig.tail();
      await rig.store.close();
      recorder.tail?.stop();
      recorder.tail?.stop();
      assert.deepEqual(recorder.errors, []);
    },
  },
  {
    name: 'what is under way while the store is closed is answered, or refused as closed',
    run: async (rig) => {
      await rig.start();
      const { store } = rig;
      const pending = range(1, 10).flatMap(() => Object.values(calls(rig, store)).map((call) => call()));
      let answers = 0;
      const isAnswered = () => {
        answers++;
      };
      const isRefused = (error: unknown) => {
        answers++;
        assert.ok(hasCode(error, 'ERR_SSE_CLOSED'), String(error));
      };
      const all = Promise.all(pending.map((call) => call.then(isAnswered, isRefused)));
      await store.close();
      await rig.until('all are answered', () => answers === pending.length);
      await all;
    },
  },
];
