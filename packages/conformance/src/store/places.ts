/**
 * Places: what a client gets that comes from one, asked for as a hub does it, and what each method says of it.
 * Every method has to judge a place alike: one that accepts what another refuses lets a lost place through.
 */
import assert from 'node:assert/strict';
import { hasCode, type Position } from '@headwater/core';
import type { StoreRig } from '../store-rig.js';
import { floorOf, inForceAt, range, textsOf } from '../store-test.js';
import { Recorder } from '../tail-recorder.js';

/** What a client of `channel` gets that comes from `at`: the texts it has missed, or why it has to be reset. */
export async function resume(rig: StoreRig, at: Position, channel: string): Promise<string[] | 'refused' | 'trimmed'> {
  const { head, epochs } = await rig.store.state();
  if (at.seq > head || inForceAt(epochs, at.seq) !== at.epoch) return 'refused';
  const texts: string[] = [];
  for (let after = at.seq; ; ) {
    const page = await rig.read(after, [channel], 2);
    if (floorOf(page, channel) > after) return 'trimmed';
    texts.push(...textsOf(page.entries));
    if (page.upTo >= head) return texts;
    assert.ok(page.upTo > after, 'a page goes on');
    after = page.upTo;
  }
}

/** How each method takes `at`. Nothing is written but snapshots and cursors under names of their own. */
export async function judgements(rig: StoreRig, at: Position): Promise<Record<string, boolean>> {
  const { store, clock } = rig;
  const name = `${at.epoch}-${at.seq}`;
  const recorder = new Recorder();
  const calls: Record<string, () => Promise<unknown>> = {
    append: () => store.append([], at),
    tail: async () => {
      recorder.tail = await store.tail(at, recorder);
      recorder.tail.stop();
    },
  };
  if (store.supports.snapshots)
    calls.saveSnapshot = () => store.saveSnapshot(name, { at, data: 'x', time: clock.now() });
  if (store.supports.cursors) calls.saveCursor = () => store.saveCursor(name, { at, time: clock.now() });
  const judged: Record<string, boolean> = {};
  for (const [method, call] of Object.entries(calls)) {
    judged[method] = await call().then(
      () => true,
      (error: unknown) => {
        assert.ok(hasCode(error, 'ERR_SSE_FENCED') || hasCode(error, 'ERR_SSE_POSITION'), `${method}: ${error}`);
        return false;
      },
    );
  }
  return judged;
}

/** Fails unless, of all places up to some behind the head, the methods accept those that `isValid` and no others. */
export async function areJudgedAlike(
  rig: StoreRig,
  epochs: readonly string[],
  isValid: (at: Position) => boolean,
): Promise<void> {
  const { head } = await rig.store.state();
  for (const epoch of epochs) {
    for (const seq of range(0, head + 2)) {
      const at = { epoch, seq };
      for (const [method, judged] of Object.entries(await judgements(rig, at))) {
        assert.equal(judged, isValid(at), `${method} at seq ${seq} of "${epoch}"`);
      }
    }
  }
}
