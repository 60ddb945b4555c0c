import { describe, expect, test } from 'vitest';
import { SseError } from '../../src/errors.js';
import { MemoryLog } from '../../src/memory/log.js';
import { LogStore, type MemoryStore, memoryStore } from '../../src/memory/store.js';
import type { NewEntry } from '../../src/store.js';
import { ManualClock, Recorder, START } from './fixture.js';

async function opened(options: Parameters<typeof memoryStore>[0] = {}): Promise<MemoryStore> {
  const store = memoryStore({ clock: new ManualClock(), ...options });
  await store.startEpoch('e');
  return store;
}

const text = (body = 'x'): NewEntry => ({ channel: 'a', body: Buffer.from(body), time: 0 });

describe('memoryStore tails', () => {
  test('are told within append, before it returns', async () => {
    const store = await opened();
    const seen = new Recorder();
    await store.tail(START, seen);
    const pending = store.append([text('1'), text('2')], START);
    expect(seen.texts).toEqual(['1', '2']);
    await pending;
  });

  test('get their backlog before tail resolves, in a turn of its own, and what came meanwhile behind it', async () => {
    const store = await opened();
    await store.append([text('1')], START);
    const seen = new Recorder();
    const pending = store.tail(START, seen);
    expect(seen.texts).toEqual([]);
    const appended = store.append([text('2')], START);
    expect(seen.texts).toEqual([]);
    await pending;
    expect(seen.texts).toEqual(['1', '2']);
    await appended;
  });

  test('that are stopped before their backlog came get nothing', async () => {
    const store = await opened();
    await store.append([text('1')], START);
    const seen = new Recorder();
    const pending = store.tail(START, seen);
    await store.close();
    (await pending).stop();
    expect(seen.texts).toEqual([]);
  });

  test('keep the order where a listener appends, for the listeners before and behind it', async () => {
    const store = await opened();
    const [first, appending, last] = [new Recorder(), new Recorder(), new Recorder()];
    const answers: Promise<unknown>[] = [];
    appending.onEntry = ({ seq }) => {
      if (seq < 4) answers.push(store.append([text(`after ${seq}`)], START));
    };
    for (const listener of [first, appending, last]) await store.tail(START, listener);
    await store.append([text('1'), text('2')], START);
    await Promise.all(answers);
    for (const { seqs } of [first, appending, last]) expect(seqs).toEqual([1, 2, 3, 4, 5]);
  });

  test('that begin while a listener is told get each entry once', async () => {
    const store = await opened();
    const [outer, inner] = [new Recorder(), new Recorder()];
    let begun: Promise<unknown> | undefined;
    outer.onEntry = ({ seq }) => {
      if (seq !== 1) return;
      const appended = store.append([text('2')], START);
      begun = Promise.all([store.tail(START, inner), appended]);
    };
    await store.tail(START, outer);
    await store.append([text('1')], START);
    await begun;
    await store.append([text('3')], START);
    expect(inner.seqs).toEqual([1, 2, 3]);
  });

  test('are not called once stopped, also where another listener stops them', async () => {
    const store = await opened();
    const [first, second] = [new Recorder(), new Recorder()];
    await store.tail(START, first);
    const tail = await store.tail(START, second);
    first.onEntry = () => tail.stop();
    await store.append([text()], START);
    expect([first.seqs, second.seqs]).toEqual([[1], []]);
  });

  test('whose listener throws end alone, with lost', async () => {
    const store = await opened();
    const [bad, good] = [new Recorder(), new Recorder()];
    const cause = new Error('boom');
    bad.onEntry = () => {
      throw cause;
    };
    bad.lost = function (error) {
      this.lostBy.push(error);
      throw new Error('and again');
    };
    await store.tail(START, bad);
    await store.tail(START, good);
    await store.append([text()], START);
    await store.append([text()], START);
    expect(good.seqs).toEqual([1, 2]);
    expect(bad.seqs).toEqual([1]);
    expect(bad.lostBy).toHaveLength(1);
    expect(bad.lostBy[0]).toMatchObject({ code: 'ERR_SSE_CALLBACK', cause });
  });

  test('get a batch as a whole, also what retention trims at once', async () => {
    const store = await opened({ retention: { count: 1 } });
    const seen = new Recorder();
    await store.tail(START, seen);
    await store.append([text('1'), text('2'), text('3')], START);
    expect(seen.seqs).toEqual([1, 2, 3]);
  });

  test('take a backlog that is longer than a call has room for arguments', async () => {
    const store = await opened({ retention: { count: false } });
    const seen = new Recorder();
    const pending = store.tail(START, seen);
    await Promise.all([store.append(new Array(150_000).fill(text('')), START), pending]);
    expect(seen.seqs).toHaveLength(150_000);
  });

  test('are ended by LogStore.loseTails, once', async () => {
    const store = new LogStore(new MemoryLog(), new ManualClock());
    await store.startEpoch('e');
    const seen = new Recorder();
    const tail = await store.tail(START, seen);
    const error = new SseError('ERR_SSE_STORE', 'gone');
    store.loseTails(error);
    store.loseTails(error);
    tail.stop();
    await store.append([text()], START);
    expect(seen.lostBy).toEqual([error]);
    expect(seen.seqs).toEqual([]);
  });
});
