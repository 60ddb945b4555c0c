/** Control: the channel through which hubs speak to each other is a channel like any other, with a space in its name. */
import assert from 'node:assert/strict';
import { CONTROL_CHANNEL } from '@headwater/core';
import { range, type StoreTest, seqsOf, textsOf } from '../store-test.js';

/** Channels that are taken for the control channel where its space is dropped, cut at or replaced. */
const NEIGHBOURS = ['sse', 'control', 'ssecontrol', 'sse-control', 'sse:control', 'sse%20control', 'sse+control'];

export const control: readonly StoreTest[] = [
  {
    name: 'what is said there stands in the log between the others, in one order',
    run: async (rig) => {
      await rig.start();
      await rig.put('a', '1');
      assert.deepEqual(await rig.put(CONTROL_CHANNEL, '2', '3'), [2, 3]);
      await rig.append([rig.entry('a', '4'), rig.entry(CONTROL_CHANNEL, '5'), rig.entry('b', '6')]);
      const { entries } = await rig.read();
      assert.deepEqual(textsOf(entries), range(1, 6).map(String));
      const channels = ['a', CONTROL_CHANNEL, CONTROL_CHANNEL, 'a', CONTROL_CHANNEL, 'b'];
      assert.deepEqual(
        entries.map(({ channel }) => channel),
        channels,
      );
    },
  },
  {
    name: 'it is read alone, with others, and not where it was not asked for',
    run: async (rig) => {
      await rig.start();
      for (let i = 1; i <= 6; i++) await rig.put(i % 2 ? CONTROL_CHANNEL : 'a', `${i}`);
      assert.deepEqual(seqsOf((await rig.read(0, [CONTROL_CHANNEL])).entries), [1, 3, 5]);
      assert.deepEqual(seqsOf((await rig.read(1, ['a', CONTROL_CHANNEL], 3)).entries), [2, 3, 4]);
      assert.deepEqual(seqsOf((await rig.read(0, ['a'])).entries), [2, 4, 6]);
    },
  },
  {
    name: 'channels are kept apart by the spaces in their names',
    run: async (rig) => {
      await rig.start();
      const names = [...NEIGHBOURS, CONTROL_CHANNEL, 'sse  control', ' sse control', 'sse control ', ' '];
      for (const name of names) await rig.put(name, `to "${name}"`);
      for (const name of names) assert.deepEqual(textsOf((await rig.read(0, [name])).entries), [`to "${name}"`]);
      assert.deepEqual(
        (await rig.read()).entries.map(({ channel }) => channel),
        names,
      );
    },
  },
  {
    name: 'a tail tells it to who was away and to who is there',
    run: async (rig) => {
      await rig.start();
      const from = rig.at;
      await rig.put('a', '1');
      await rig.put(CONTROL_CHANNEL, '2');
      const recorder = await rig.tail(from);
      await rig.append([rig.entry(CONTROL_CHANNEL, '3'), rig.entry('a', '4')]);
      await rig.until('all have come', () => recorder.seen.length >= 4);
      assert.deepEqual(
        recorder.seen.map(({ seq, channel }) => [seq, channel]),
        [
          [1, 'a'],
          [2, CONTROL_CHANNEL],
          [3, CONTROL_CHANNEL],
          [4, 'a'],
        ],
      );
    },
  },
  {
    name: 'every handle hears it once and in order, whoever says it',
    needs: ['shared'],
    run: async (rig) => {
      await rig.start();
      const other = await rig.open();
      const recorders = [await rig.tail(), await rig.tail(rig.at, other)];
      const say = (i: number) => rig.append([rig.entry(CONTROL_CHANNEL, `${i}`)], i % 3 ? rig.store : other);
      await Promise.all(range(1, 12).map(say));
      for (const recorder of recorders) {
        await rig.until('all have come', () => recorder.seen.length >= 12);
        assert.deepEqual(recorder.seqs, range(1, 12));
        assert.ok(recorder.seen.every(({ channel }) => channel === CONTROL_CHANNEL));
      }
      assert.deepEqual(textsOf(recorders[0]?.seen ?? []), textsOf(recorders[1]?.seen ?? []));
    },
  },
  {
    name: 'its keys are its own, and what is said again with one is said once',
    run: async (rig) => {
      await rig.start();
      const [first] = await rig.append([rig.entry(CONTROL_CHANNEL, 'revoked', 'key')]);
      await rig.append([rig.entry('sse', 'x', 'control key'), rig.entry('a', 'x', 'key')]);
      const [again] = await rig.append([rig.entry(CONTROL_CHANNEL, 'revoked', 'key')]);
      assert.deepEqual([first?.seq, again?.seq, again?.duplicate], [1, 1, true]);
      assert.equal((await rig.store.state()).head, 3);
    },
  },
  {
    name: 'it has a retention and a floor of its own',
    needs: ['retentionPerChannel'],
    retention: { count: 3 },
    run: async (rig) => {
      await rig.start();
      await rig.put('a', '1', '2');
      await rig.fill(CONTROL_CHANNEL, 6);
      await rig.untilRetained(CONTROL_CHANNEL, [6, 7, 8]);
      const page = await rig.read(0, [CONTROL_CHANNEL, 'a']);
      assert.deepEqual([page.floors.get(CONTROL_CHANNEL), page.floors.get('a')], [5, 0]);
      assert.deepEqual(seqsOf(page.entries), [1, 2, 6, 7, 8]);
    },
  },
  {
    name: 'a log that is opened again has it',
    needs: ['durable'],
    run: async (rig) => {
      await rig.start();
      await rig.put('a', '1');
      await rig.put(CONTROL_CHANNEL, '2');
      await rig.close();
      await rig.open();
      assert.deepEqual(textsOf((await rig.read(0, [CONTROL_CHANNEL])).entries), ['2']);
    },
  },
];
