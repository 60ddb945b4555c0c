/** Errors: rejections, never throws, and told apart by their code. */
import assert from 'node:assert/strict';
import type { SseErrorCode } from '@headwater/core';
import type { StoreRig } from '../store-rig.js';
import { type StoreTest, textsOf } from '../store-test.js';
import { Recorder } from '../tail-recorder.js';

/** Calls that a store with one entry has to refuse. */
function refused(rig: StoreRig): readonly (readonly [string, SseErrorCode, () => Promise<unknown>])[] {
  const { store } = rig;
  const nowhere = { epoch: 'e9', seq: 1 };
  const all: [string, SseErrorCode, () => Promise<unknown>][] = [
    ['append', 'ERR_SSE_FENCED', () => store.append([rig.entry('a', 'x')], nowhere)],
    ['tail', 'ERR_SSE_FENCED', () => store.tail(nowhere, new Recorder())],
  ];
  if (store.supports.snapshots) {
    const snapshot = { at: nowhere, data: 'x', time: rig.clock.now() };
    all.push(['saveSnapshot', 'ERR_SSE_POSITION', () => store.saveSnapshot('a', snapshot)]);
  }
  if (store.supports.cursors) {
    const cursor = { at: nowhere, time: rig.clock.now() };
    all.push(['saveCursor', 'ERR_SSE_POSITION', () => store.saveCursor('client', cursor)]);
  }
  return all;
}

async function isSseError(name: string, code: SseErrorCode, call: () => Promise<unknown>): Promise<void> {
  // Called outside of any async function: a throw would end the test here.
  const answer = call();
  assert.equal(typeof answer?.then, 'function', `${name} returns a promise`);
  const error = await answer.then(
    () => assert.fail(`${name} was answered`),
    (reason: unknown) => reason,
  );
  assert.ok(error instanceof Error, `${name} rejects with an Error`);
  assert.deepEqual([error.name, (error as { code?: unknown }).code], ['SseError', code], name);
  assert.match(error.message, /\S/, `the error of ${name} says what happened`);
}

export const errors: readonly StoreTest[] = [
  {
    name: 'a refusal is the rejection of a promise, with an SseError that has its code and says what happened',
    run: async (rig) => {
      await rig.start();
      await rig.fill('a', 1);
      for (const [name, code, call] of refused(rig)) await isSseError(name, code, call);
    },
  },
  {
    name: 'a closed store rejects too, and does not throw',
    run: async (rig) => {
      await rig.start();
      const { store } = rig;
      await store.close();
      await isSseError('state', 'ERR_SSE_CLOSED', () => store.state());
      await isSseError('append', 'ERR_SSE_CLOSED', () => store.append([rig.entry('a', 'x')], rig.at));
      await isSseError('tail', 'ERR_SSE_CLOSED', () => store.tail(rig.at, new Recorder()));
      await isSseError('read', 'ERR_SSE_CLOSED', () => store.read(0, ['a'], 1));
    },
  },
  {
    name: 'a refused call disturbs neither the ones beside it nor those after it',
    run: async (rig) => {
      await rig.start();
      await rig.fill('a', 1);
      const recorder = await rig.tail();
      const calls = refused(rig).map(([, , call]) => call());
      await Promise.all([rig.put('a', '2'), ...calls.map((call) => call.catch(() => {})), rig.put('a', '3')]);
      await rig.put('a', '4');
      await rig.until('all have come', () => recorder.seen.length >= 3);
      assert.deepEqual(textsOf((await rig.read()).entries).sort(), ['2', '3', '4', 'a1']);
    },
  },
];
