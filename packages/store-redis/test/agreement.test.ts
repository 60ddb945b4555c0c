/** The memory store is the reference: whatever is done to both, both give the same answers. */
import {
  type Clock,
  hasCode,
  memoryStore,
  type NewEntry,
  type Page,
  type Position,
  systemClock,
} from '@headwater/core';
import { describe, expect, onTestFinished, test } from 'vitest';
import { redisStore } from '../src/index.js';
import { dropLog, newName, useRedis } from './kit.js';

const { url, redis } = await useRedis();

const MINUTE = 60_000;

/** Moved by the test; timers are the system's, and never come. */
class StillClock implements Clock {
  time = Date.UTC(2024, 0, 1);
  now = () => this.time;
  elapsed = () => this.time;
  setTimer = () => undefined;
  clearTimer = () => {};
  setTurn = systemClock.setTurn;
}

function randomFrom(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return Math.floor((state / 2 ** 32) * below);
  };
}

function plainPage({ entries, upTo, floors, forgotten }: Page, after: number, channels: readonly string[] | undefined) {
  return {
    entries: entries.map(({ seq, epoch, channel, prev, time, body }) => [
      seq,
      epoch,
      channel,
      prev,
      time,
      Buffer.from(body).toString(),
    ]),
    upTo,
    // Of all channels those at or below the place need not be named.
    floors: [...floors].filter(([, floor]) => channels || floor > after).sort(),
    forgotten,
  };
}

/** What a call comes to: its result, or the code of its error. */
async function outcomeOf(call: () => Promise<unknown>): Promise<unknown> {
  try {
    return (await call()) ?? null;
  } catch (error) {
    for (const code of ['ERR_SSE_FENCED', 'ERR_SSE_POSITION'] as const) if (hasCode(error, code)) return code;
    throw error;
  }
}

describe.each([1, 2, 3, 4, 5, 6])('with the random numbers of seed %i', (seed) => {
  test('both stores give the same answers', async () => {
    const random = randomFrom(seed);
    const clock = new StillClock();
    const options = {
      clock,
      retention: { count: 40, bytes: 20_000, ageMs: 10 * MINUTE },
      retentionOf: (channel: string) =>
        channel === 'c1' ? { count: false as const, ageMs: false as const } : undefined,
      forgetAfterMs: 60 * MINUTE,
      snapshotTtlMs: 30 * MINUTE,
      cursorTtlMs: 30 * MINUTE,
    };
    const name = newName();
    const stores = [
      memoryStore({ ...options, maxTotalBytes: false }),
      redisStore({ ...options, url, name, feedLength: 100, onWarning: () => {} }),
    ] as const;
    onTestFinished(async () => {
      for (const store of stores) await store.close();
      await dropLog(redis, name);
    });
    const names = ['c0', 'c1', 'c2', 'c3 with spaces', 'c4:{x}', 'c5'];
    const pick = () => names[random(names.length)] as string;
    let epochs = 0;
    let at: Position = { epoch: '', seq: 0 };
    let head = 0;
    const same = async (what: string, call: (store: (typeof stores)[number]) => Promise<unknown>) => {
      const [expected, given] = [await outcomeOf(() => call(stores[0])), await outcomeOf(() => call(stores[1]))];
      expect(given, what).toEqual(expected);
      return expected;
    };
    const start = async () => {
      const epoch = `e${++epochs}`;
      const state = (await same('startEpoch', (store) => store.startEpoch(epoch))) as { head: number };
      head = state.head;
    };
    await start();
    at = { epoch: 'e1', seq: 0 };
    for (let step = 0; step < 300; step++) {
      const kind = random(100);
      if (kind < 45) {
        const channels = Array.from({ length: 1 + random(random(8) === 0 ? 60 : 4) }, pick);
        const entries: NewEntry[] = channels.map((channel) => ({
          channel,
          body: Buffer.from(`${step} `.repeat(1 + random(random(20) === 0 ? 2_000 : 30))),
          time: clock.time - random(random(10) === 0 ? 11 * MINUTE : 1_000),
          ...(random(5) === 0 ? { key: `k${random(20)}` } : {}),
          // A channel with items is not forgotten by Redis, so they are in one that the memory store does not forget either.
          ...(channel === 'c1' && random(2) === 0
            ? { item: { id: `i${random(9)}`, json: random(3) === 0 ? undefined : `${step}` } }
            : {}),
        }));
        const appended = await same('append', (store) => store.append(entries, at));
        for (const { epoch, seq } of appended as Position[]) {
          if (seq <= head) continue;
          head = seq;
          at = { epoch, seq };
        }
      } else if (kind < 75) {
        const after = Math.max(0, head - random(random(3) === 0 ? head + 1 : 50));
        const channels = random(3) === 0 ? undefined : Array.from({ length: random(5) }, pick);
        const limit = random(4) === 0 ? random(4) : random(200);
        const maxBytes = random(3) === 0 ? random(20_000) : undefined;
        const what = `read ${after} ${channels} ${limit} ${maxBytes}`;
        await same(what, async (store) =>
          plainPage(await store.read(after, channels, limit, maxBytes), after, channels),
        );
      } else if (kind < 82) {
        clock.time += random(4 * MINUTE);
        for (const store of stores) await store.sweep();
      } else if (kind < 84) {
        clock.time += random(80 * MINUTE);
        for (const store of stores) await store.sweep();
      } else if (kind < 86) {
        await start();
      } else if (kind < 90) {
        const channel = pick();
        await same('loadItems', async (store) => {
          const { at: place, items } = (await store.loadItems(channel)) ?? {};
          return [place, [...(items ?? [])].sort()];
        });
      } else if (kind < 94) {
        const channel = pick();
        const snapshot = {
          at: { epoch: `e${1 + random(epochs)}`, seq: random(head + 2) },
          data: `${step}`,
          time: clock.time,
        };
        await same('saveSnapshot', (store) => store.saveSnapshot(channel, snapshot));
        await same('loadSnapshot', (store) => store.loadSnapshot(channel));
      } else if (kind < 97) {
        const key = `u${random(3)}`;
        const cursor = {
          at: { epoch: `e${1 + random(epochs)}`, seq: random(head + 2) },
          time: clock.time - random(MINUTE),
        };
        await same('saveCursor', (store) => store.saveCursor(key, cursor));
        await same('loadCursor', (store) => store.loadCursor(key));
      } else {
        const wrong = { epoch: `e${1 + random(epochs + 1)}`, seq: random(head + 3) };
        const entry = { channel: pick(), body: Buffer.from('x'), time: clock.time };
        const answer = await same('append anywhere', (store) => store.append([entry], wrong));
        if (Array.isArray(answer)) head = (answer[0] as Position).seq;
      }
    }
    await same('state', (store) => store.state());
  });
});
