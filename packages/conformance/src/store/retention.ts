/** Retention: each channel keeps what its own bounds allow, the newest of it, and no other channel changes that. */
import assert from 'node:assert/strict';
import { DAY, floorOf, MINUTE, range, SECOND, type StoreTest, seqsOf } from '../store-test.js';

export const retention: readonly StoreTest[] = [
  {
    name: 'by count the newest entries of a channel are kept',
    needs: ['retentionPerChannel'],
    retention: { count: 5 },
    run: async (rig) => {
      await rig.start();
      await rig.fill('a', 20);
      await rig.untilRetained('a', range(16, 20));
      await rig.put('a', ...range(1, 12).map(String));
      await rig.untilRetained('a', range(28, 32));
    },
  },
  {
    name: 'by count at least so many are there at any time',
    needs: ['retentionPerChannel'],
    retention: { count: 5 },
    run: async (rig) => {
      await rig.start();
      for (let i = 1; i <= 20; i++) {
        await rig.put('a', `${i}`);
        const seqs = seqsOf((await rig.read(0, ['a'])).entries);
        assert.deepEqual(seqs.slice(-5), range(Math.max(1, i - 4), i));
      }
    },
  },
  {
    name: 'by bytes the newest entries whose bodies fit are kept',
    needs: ['retentionPerChannel'],
    retention: { bytes: 100 },
    run: async (rig) => {
      await rig.start();
      for (let i = 0; i < 10; i++) await rig.put('a', 'x'.repeat(30));
      await rig.untilRetained('a', [8, 9, 10]);
      await rig.put('a', 'x'.repeat(60));
      await rig.untilRetained('a', [10, 11]);
    },
  },
  {
    name: 'by bytes an entry that is larger by itself is not kept, and its place is the floor',
    needs: ['retentionPerChannel'],
    retention: { bytes: 100 },
    run: async (rig) => {
      await rig.start();
      await rig.put('a', '1');
      await rig.put('a', 'x'.repeat(101));
      await rig.untilRetained('a', []);
      assert.equal(floorOf(await rig.read(0, ['a']), 'a'), 2);
      await rig.put('a', 'x'.repeat(100));
      await rig.untilRetained('a', [3]);
    },
  },
  {
    name: 'by age entries go when they are too old, also where nothing is appended any more',
    needs: ['retentionPerChannel', 'clock'],
    retention: { ageMs: MINUTE },
    run: async (rig) => {
      await rig.start();
      await rig.put('a', '1');
      await rig.pass(40 * SECOND);
      await rig.put('a', '2');
      await rig.put('quiet', '3');
      assert.deepEqual(seqsOf((await rig.read()).entries), [1, 2, 3]);
      await rig.pass(30 * SECOND);
      await rig.untilRetained('a', [2]);
      assert.deepEqual(seqsOf((await rig.read(0, ['quiet'])).entries), [3]);
      await rig.pass(40 * SECOND);
      await rig.untilRetained('a', []);
      await rig.untilRetained('quiet', []);
      const page = await rig.read(0, ['a', 'quiet']);
      assert.deepEqual([floorOf(page, 'a'), floorOf(page, 'quiet'), page.upTo], [2, 3, 3]);
    },
  },
  {
    name: 'by age it is the time of the entry that counts',
    needs: ['retentionPerChannel'],
    retention: { ageMs: MINUTE },
    run: async (rig) => {
      await rig.start();
      await rig.append([{ ...rig.entry('a', 'late'), time: rig.clock.now() - 2 * MINUTE }, rig.entry('a', 'in time')]);
      await rig.untilRetained('a', [2]);
    },
  },
  {
    name: 'a noisy channel does not evict a quiet one’s history',
    needs: ['retentionPerChannel'],
    retention: { count: 10, bytes: 1_000 },
    run: async (rig) => {
      await rig.start();
      await rig.put('quiet', '1', '2', '3');
      for (let i = 0; i < 20; i++) await rig.put('noisy', ...range(1, 20).map((n) => `${n} `.repeat(20)));
      await rig.put('quiet', '4');
      const page = await rig.read(0, ['quiet']);
      assert.deepEqual(seqsOf(page.entries), [1, 2, 3, 404]);
      assert.equal(page.floors.get('quiet'), 0);
      rig.checkPage(await rig.read(), 0, undefined, 1_000);
    },
  },
  {
    name: 'without bounds nothing is trimmed',
    needs: ['clock'],
    run: async (rig) => {
      await rig.start();
      await rig.put('a', ...range(1, 100).map(String));
      await rig.put('b', '101');
      for (let i = 0; i < 5; i++) await rig.pass(6 * DAY);
      const page = await rig.read();
      assert.deepEqual(seqsOf(page.entries), range(1, 101));
      assert.deepEqual([floorOf(page, 'a'), floorOf(page, 'b'), page.forgotten], [0, 0, 0]);
    },
  },
];
