/** Cursors: how far a client is known to have come. It never goes back while its place is part of the log. */
import assert from 'node:assert/strict';
import type { Position, Store } from '@headwater/core';
import type { StoreRig } from '../store-rig.js';
import { DAY, MINUTE, range, refuses, SECOND, type StoreTest } from '../store-test.js';

const at = (seq: number, epoch = 'e1'): Position => ({ epoch, seq });

function save(rig: StoreRig, key: string, place: Position, time: number = rig.clock.now()): Promise<void> {
  return rig.store.saveCursor(key, { at: place, time });
}

async function placeOf(rig: StoreRig, key: string, store: Store = rig.store): Promise<Position | undefined> {
  const cursor = await store.loadCursor(key);
  return cursor && { epoch: cursor.at.epoch, seq: cursor.at.seq };
}

/** Every kind of letter that a key may have, names of prototypes, and the longest. */
const KEYS = ['a', 'A', '0', '_', '-', '__proto__', 'constructor', '-_-Az09', 'x'.repeat(100), `${'x'.repeat(99)}y`];

const tests: readonly StoreTest[] = [
  {
    name: 'a cursor comes back as it was saved, and an unknown key has none',
    run: async (rig) => {
      await rig.start();
      await rig.fill('a', 2);
      assert.equal(await rig.store.loadCursor('client'), undefined);
      const time = rig.clock.now() - MINUTE;
      await save(rig, 'client', at(2), time);
      const cursor = await rig.store.loadCursor('client');
      assert.deepEqual({ at: { ...cursor?.at }, time: cursor?.time }, { at: at(2), time });
      assert.equal(await rig.store.loadCursor('another'), undefined);
    },
  },
  {
    name: 'keys are kept apart, whatever they are made of',
    run: async (rig) => {
      await rig.start();
      await rig.fill('a', KEYS.length);
      for (const key of KEYS) assert.equal(await placeOf(rig, key), undefined);
      for (const [i, key] of KEYS.entries()) await save(rig, key, at(i + 1));
      for (const [i, key] of KEYS.entries()) assert.deepEqual(await placeOf(rig, key), at(i + 1));
    },
  },
  {
    name: 'a cursor goes forward, over epochs too, and never back',
    run: async (rig) => {
      await rig.start('e1');
      await save(rig, 'client', at(0));
      assert.deepEqual(await placeOf(rig, 'client'), at(0));
      await rig.fill('a', 3);
      await save(rig, 'client', at(2));
      await save(rig, 'client', at(1));
      assert.deepEqual(await placeOf(rig, 'client'), at(2));
      await rig.start('e2');
      await rig.fill('a', 2);
      await save(rig, 'client', at(5, 'e2'));
      await save(rig, 'client', at(3));
      await save(rig, 'client', at(0));
      assert.deepEqual(await placeOf(rig, 'client'), at(5, 'e2'));
    },
  },
  {
    name: 'a cursor that does not move keeps the later of the two times',
    run: async (rig) => {
      await rig.start();
      await rig.fill('a', 3);
      const now = rig.clock.now();
      const timeAfter = async (seq: number, time: number) => {
        await save(rig, 'client', at(seq), time);
        const cursor = await rig.store.loadCursor('client');
        return [cursor?.at.seq, cursor?.time];
      };
      assert.deepEqual(await timeAfter(3, now - 20), [3, now - 20]);
      assert.deepEqual(await timeAfter(1, now - 10), [3, now - 10]);
      assert.deepEqual(await timeAfter(2, now - 30), [3, now - 10]);
      assert.deepEqual(await timeAfter(3, now), [3, now]);
    },
  },
  {
    name: 'of cursors saved at the same time the one that is furthest stays',
    run: async (rig) => {
      await rig.start();
      await rig.fill('a', 20);
      const seqs = range(1, 20).map((i) => ((i * 7) % 20) + 1);
      await Promise.all(seqs.map((seq) => save(rig, 'client', at(seq))));
      assert.deepEqual(await placeOf(rig, 'client'), at(20));
    },
  },
  {
    name: 'a cursor at a place that is not part of the log is refused, and the kept one stays',
    run: async (rig) => {
      await refuses('ERR_SSE_POSITION', () => save(rig, 'client', at(0)));
      await rig.start('e1');
      await rig.fill('a', 3);
      await save(rig, 'client', at(1));
      await rig.start('e2');
      for (const wrong of [at(4), at(4, 'e2'), at(3, 'e2'), at(2, 'e9')]) {
        await refuses('ERR_SSE_POSITION', () => save(rig, 'client', wrong));
        await refuses('ERR_SSE_POSITION', () => save(rig, 'another', wrong));
      }
      assert.deepEqual(await placeOf(rig, 'client'), at(1));
      assert.equal(await placeOf(rig, 'another'), undefined);
    },
  },
  {
    name: 'a cursor may be at a place that retention has passed',
    retention: { count: 2 },
    run: async (rig) => {
      await rig.start();
      await rig.fill('a', 3);
      await save(rig, 'before', at(1));
      await rig.fill('a', 7);
      await rig.untilRetained('a', [9, 10]);
      await save(rig, 'after', at(2));
      assert.deepEqual([await placeOf(rig, 'before'), await placeOf(rig, 'after')], [at(1), at(2)]);
    },
  },
  {
    name: 'a cursor is kept for seven days, and one that has expired does not stand in the way',
    needs: ['clock'],
    run: async (rig) => {
      await rig.start();
      await rig.fill('a', 5);
      await save(rig, 'client', at(4));
      await rig.pass(7 * DAY - MINUTE);
      assert.deepEqual(await placeOf(rig, 'client'), at(4));
      await rig.pass(MINUTE + SECOND);
      assert.equal(await placeOf(rig, 'client'), undefined);
      await save(rig, 'client', at(2));
      assert.deepEqual(await placeOf(rig, 'client'), at(2));
    },
  },
  {
    name: 'the seven days begin anew each time that a cursor is saved, also where it does not move',
    needs: ['clock'],
    run: async (rig) => {
      await rig.start();
      await rig.fill('a', 5);
      await save(rig, 'client', at(4));
      await save(rig, 'silent', at(4));
      await rig.pass(4 * DAY);
      await save(rig, 'client', at(4));
      await rig.pass(4 * DAY);
      assert.equal(await placeOf(rig, 'silent'), undefined);
      assert.deepEqual(await placeOf(rig, 'client'), at(4));
      await save(rig, 'client', at(1));
      await rig.pass(4 * DAY);
      assert.deepEqual(await placeOf(rig, 'client'), at(4));
      await rig.pass(4 * DAY);
      assert.equal(await placeOf(rig, 'client'), undefined);
    },
  },
  {
    name: 'a cursor that one handle saves another one loads, and neither takes it back',
    needs: ['shared'],
    run: async (rig) => {
      await rig.start();
      const other = await rig.open();
      await rig.fill('a', 9);
      await save(rig, 'client', at(5));
      assert.deepEqual(await placeOf(rig, 'client', other), at(5));
      await other.saveCursor('client', { at: at(3), time: rig.clock.now() });
      assert.deepEqual(await placeOf(rig, 'client'), at(5));
      const saves = range(6, 9).map((seq) =>
        (seq % 2 ? rig.store : other).saveCursor('client', { at: at(15 - seq), time: rig.clock.now() }),
      );
      await Promise.all(saves);
      assert.deepEqual([await placeOf(rig, 'client'), await placeOf(rig, 'client', other)], [at(9), at(9)]);
    },
  },
  {
    name: 'a log that is opened again has its cursors',
    needs: ['durable'],
    run: async (rig) => {
      await rig.start();
      await rig.fill('a', 3);
      const time = rig.clock.now();
      await save(rig, 'client', at(2), time);
      await rig.close();
      await rig.open();
      assert.deepEqual(await placeOf(rig, 'client'), at(2));
      assert.equal((await rig.store.loadCursor('client'))?.time, time);
      await save(rig, 'client', at(1));
      assert.deepEqual(await placeOf(rig, 'client'), at(2));
    },
  },
  {
    name: 'a cursor whose place a rollback has lost is given as it is, and gives way to any that is valid',
    needs: ['rollback'],
    run: async (rig) => {
      await rig.start('e1');
      await rig.fill('a', 3);
      await save(rig, 'stays', at(2));
      await rig.checkpoint();
      await rig.fill('a', 2);
      await save(rig, 'loses', at(5));
      await rig.rollback();
      assert.deepEqual(await placeOf(rig, 'stays'), at(2));
      const lost = await placeOf(rig, 'loses');
      // A copy that was put back has never heard of it.
      if (lost || !rig.options.checkpoint) assert.deepEqual(lost, at(5));
      await rig.start('e2');
      await rig.store.append([rig.entry('a', '4'), rig.entry('a', '5'), rig.entry('a', '6')], rig.at);
      await refuses('ERR_SSE_POSITION', () => save(rig, 'loses', at(5)));
      await save(rig, 'loses', at(1));
      assert.deepEqual(await placeOf(rig, 'loses'), at(1));
      await save(rig, 'stays', at(1));
      assert.deepEqual(await placeOf(rig, 'stays'), at(2));
    },
  },
];

export const cursors: readonly StoreTest[] = tests.map((test) => ({
  ...test,
  needs: ['cursors', ...(test.needs ?? [])],
}));
