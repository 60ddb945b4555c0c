/** Floors: what was trimmed is announced, in the page that lacks it, for as long as anybody may ask. */
import assert from 'node:assert/strict';
import type { StoreRig } from '../store-rig.js';
import { DAY, floorOf, MINUTE, range, SECOND, type StoreTest, seqsOf } from '../store-test.js';

/** Ten entries of `a`, of which retention leaves the last three. */
async function trimmed(rig: StoreRig): Promise<void> {
  await rig.start();
  await rig.fill('a', 10);
  await rig.untilRetained('a', [8, 9, 10]);
}

/** Three entries of `a` that have all been trimmed by age. */
async function emptied(rig: StoreRig): Promise<void> {
  await rig.start();
  await rig.fill('a', 3);
  await rig.pass(MINUTE + SECOND);
  await rig.untilRetained('a', []);
}

export const floors: readonly StoreTest[] = [
  {
    name: 'a channel from which nothing was trimmed has the floor 0',
    run: async (rig) => {
      await rig.start();
      await rig.fill('a', 3);
      const page = await rig.read(0, ['a', 'b']);
      assert.deepEqual([page.floors.get('a'), floorOf(page, 'b'), page.forgotten], [0, 0, 0]);
      assert.equal((await rig.read()).forgotten, 0);
    },
  },
  {
    name: 'the floor is the highest seq trimmed, and the head stays',
    retention: { count: 3 },
    run: async (rig) => {
      await trimmed(rig);
      assert.equal((await rig.read(0, ['a'])).floors.get('a'), 7);
      assert.equal((await rig.store.state()).head, 10);
    },
  },
  {
    name: 'every page has it: a cut one, one without entries, one from the head, one of several channels',
    retention: { count: 3 },
    run: async (rig) => {
      await trimmed(rig);
      const pages = [
        await rig.read(0, ['a'], 0),
        await rig.read(0, ['a'], 1),
        await rig.read(8, ['a'], 1),
        await rig.read(10, ['a']),
        await rig.read(0, ['b', 'a'], 2),
      ];
      for (const page of pages) assert.equal(page.floors.get('a'), 7);
    },
  },
  {
    name: 'a page of all channels names the floors above its beginning',
    retention: { count: 3 },
    run: async (rig) => {
      await trimmed(rig);
      for (const after of [0, 3, 6]) {
        assert.equal((await rig.read(after)).floors.get('a'), 7);
        assert.equal((await rig.read(after, undefined, 0)).floors.get('a'), 7);
      }
    },
  },
  {
    name: 'a page has no hole that its floors do not announce, while entries come and go',
    retention: { count: 3 },
    run: async (rig) => {
      await rig.start();
      let isDone = false;
      const appends = async () => {
        for (let i = 1; i <= 36; i++) {
          await rig.put(['a', 'b', 'c'][i % 3] as string, `${i}`);
          if (i % 4 === 0) await rig.turn();
        }
      };
      const reads = async (channels: readonly string[] | undefined) => {
        for (let after = 0; !isDone; after = (after + 7) % 36) {
          if (after % 5 === 0) await rig.turn();
          const page = await rig.read(after, channels, 5);
          // What is acknowledged after the page was made is not the page's to know.
          rig.checkPage(
            { ...page, entries: page.entries.filter(({ seq }) => rig.written.some((w) => w.seq === seq)) },
            after,
            channels,
            5,
          );
        }
      };
      const done = appends().finally(() => {
        isDone = true;
      });
      await Promise.all([done, reads(undefined), reads(['a']), reads(['b', 'c', 'a'])]);
      rig.checkPage(await rig.read(), 0, undefined, 36);
    },
  },
  {
    name: 'the floor stays while the channel is empty',
    needs: ['clock'],
    retention: { ageMs: MINUTE },
    run: async (rig) => {
      await emptied(rig);
      const page = await rig.read(0, ['a']);
      assert.deepEqual([page.entries, page.upTo, floorOf(page, 'a')], [[], 3, 3]);
      assert.equal((await rig.store.state()).head, 3);
      assert.deepEqual(await rig.put('a', '4'), [4]);
      assert.equal(floorOf(await rig.read(0, ['a']), 'a'), 3);
    },
  },
  {
    name: 'the floor of a channel that has been idle for long is not lost, neither as its own nor as a forgotten one’s',
    needs: ['clock'],
    retention: { ageMs: MINUTE },
    run: async (rig) => {
      await emptied(rig);
      for (let i = 0; i < 30; i++) {
        await rig.pass(DAY);
        assert.ok(floorOf(await rig.read(0, ['a']), 'a') >= 3);
        const all = await rig.read();
        assert.ok(floorOf(all, 'a') >= 3);
      }
    },
  },
  {
    name: 'a channel that comes back, or comes for the first time, begins with the floor of the forgotten ones',
    needs: ['clock'],
    retention: { ageMs: MINUTE },
    run: async (rig) => {
      await emptied(rig);
      for (let i = 0; i < 5; i++) await rig.pass(6 * DAY);
      const { forgotten } = await rig.read();
      await rig.put('a', '4');
      await rig.put('b', '5');
      const page = await rig.read(0, ['a', 'b']);
      assert.ok(floorOf(page, 'a') >= 3);
      assert.ok(floorOf(page, 'b') >= forgotten);
      assert.deepEqual(seqsOf(page.entries), range(4, 5));
    },
  },
  {
    name: 'a rollback below what was trimmed announces what is missing, and leaves no floor above the head',
    needs: ['rollback'],
    retention: { count: 3 },
    run: async (rig) => {
      await rig.start('e1');
      await rig.fill('a', 5);
      await rig.untilRetained('a', [3, 4, 5]);
      await rig.checkpoint();
      await rig.fill('a', 5);
      await rig.untilRetained('a', [8, 9, 10]);
      await rig.rollback();
      const page = await rig.read(0, ['a', 'b']);
      rig.checkPage(page, 0, ['a', 'b'], 10);
      for (const channel of ['a', 'b']) assert.ok(floorOf(page, channel) <= 5, `the floor of "${channel}"`);
      await rig.start('e2');
      const from = rig.at;
      await rig.put('a', 'new');
      const next = await rig.read(5, ['a']);
      assert.deepEqual([seqsOf(next.entries), floorOf(next, 'a') <= 5], [[6], true]);
      const recorder = await rig.tail(from);
      await rig.until('it has come', () => recorder.seen.length > 0);
      assert.deepEqual(recorder.seqs, [6]);
    },
  },
];
