import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { SseError } from '../../src/index.js';
import { Reconnecting } from '../../src/store-kit/index.js';

interface Wire {
  readonly name: string;
}

/** A server whose connections come and go as a test says. */
class Switchboard {
  readonly opened: string[] = [];
  readonly ended: [string, string][] = [];
  readonly lost: SseError[] = [];
  #answers: ((answer: Wire | Error) => void)[] = [];

  readonly connections = new Reconnecting<Wire>({
    server: 'Test',
    open: () => {
      this.opened.push(`wire ${this.opened.length + 1}`);
      return new Promise((resolve, reject) => {
        this.#answers.push((answer) => (answer instanceof Error ? reject(answer) : resolve(answer)));
      });
    },
    end: (wire, error) => this.ended.push([wire.name, error.message]),
    onLost: (failure) => this.lost.push(failure),
  });

  get attempts(): number {
    return this.opened.length;
  }

  /** Answers the attempt that is under way. */
  async answer(error?: Error): Promise<Wire> {
    const wire = { name: `wire ${this.opened.length}` };
    const [answer] = this.#answers;
    this.#answers = [];
    if (!answer) throw new Error('nobody connects');
    answer(error ?? wire);
    await vi.advanceTimersByTimeAsync(0);
    return wire;
  }
}

let board: Switchboard;

beforeEach(() => {
  vi.useFakeTimers();
  vi.spyOn(Math, 'random').mockReturnValue(1);
  board = new Switchboard();
});

afterEach(() => {
  vi.useRealTimers();
  vi.restoreAllMocks();
});

/** What has come of it, without an unhandled rejection. */
function outcome<Value>(promise: Promise<Value>): Promise<Value | Error> {
  return promise.catch((error: Error) => error);
}

test('the first who asks connects, and all who ask meanwhile share the attempt, however long it takes', async () => {
  expect(board.attempts).toBe(0);
  const asked = [board.connections.get(), board.connections.get()];
  await vi.advanceTimersByTimeAsync(60_000);
  expect(board.connections.current).toBeUndefined();
  const wire = await board.answer();
  expect(await Promise.all(asked)).toEqual([wire, wire]);
  expect(board.connections.current).toEqual(wire);
  expect(await board.connections.get()).toEqual(wire);
  expect(board.attempts).toBe(1);
});

test('after a failed attempt whoever asks fails at once, and attempts follow ever more slowly up to 2 s', async () => {
  const first = outcome(board.connections.get());
  await board.answer(new Error('refused'));
  expect(await first).toEqual(new Error('refused'));
  for (const pause of [50, 100, 200, 400, 800, 1_600, 2_000, 2_000]) {
    const before = board.attempts;
    await vi.advanceTimersByTimeAsync(pause - 1);
    expect(await outcome(board.connections.get())).toEqual(new Error('refused'));
    expect(board.attempts).toBe(before);
    await vi.advanceTimersByTimeAsync(1);
    expect(board.attempts).toBe(before + 1);
    await board.answer(new Error('refused'));
  }
});

test('a success makes the next pause a short one again', async () => {
  const first = outcome(board.connections.get());
  await board.answer(new Error('refused'));
  await first;
  await vi.advanceTimersByTimeAsync(50);
  await board.answer(new Error('refused'));
  await vi.advanceTimersByTimeAsync(100);
  board.connections.lost(await board.answer(), new Error('reset'));
  await board.answer(new Error('refused'));
  const before = board.attempts;
  await vi.advanceTimersByTimeAsync(50);
  expect(board.attempts).toBe(before + 1);
});

test('pauses differ, by up to a half', async () => {
  vi.mocked(Math.random).mockReturnValue(0);
  const first = outcome(board.connections.get());
  await board.answer(new Error('refused'));
  await first;
  await vi.advanceTimersByTimeAsync(24);
  expect(board.attempts).toBe(1);
  await vi.advanceTimersByTimeAsync(1);
  expect(board.attempts).toBe(2);
});

test('a lost connection is told once, as an error of the store, and another one is tried for at once', async () => {
  void board.connections.get();
  const wire = await board.answer();
  board.connections.lost(wire, new Error('reset'));
  board.connections.lost(wire, new Error('again'));
  expect(board.lost).toHaveLength(1);
  expect(board.lost[0]).toMatchObject({
    code: 'ERR_SSE_STORE',
    statusCode: 503,
    message: 'The connection to Test was lost: reset',
    cause: new Error('reset'),
  });
  expect(board.connections.current).toBeUndefined();
  expect(board.attempts).toBe(2);
  const asked = board.connections.get();
  await vi.advanceTimersByTimeAsync(200);
  const next = await board.answer();
  expect(await asked).toEqual(next);
  expect(board.attempts).toBe(2);
});

test('an error of ours is told as it is', async () => {
  void board.connections.get();
  const wire = await board.answer();
  const rollback = new SseError('ERR_SSE_FENCED', 'an older copy');
  board.connections.lost(wire, rollback);
  expect(board.lost).toEqual([rollback]);
});

test('whoever asks while a lost connection is replaced waits for 250 ms at most', async () => {
  void board.connections.get();
  board.connections.lost(await board.answer(), new Error('reset'));
  let came: unknown;
  void outcome(board.connections.get()).then((it) => {
    came = it;
  });
  await vi.advanceTimersByTimeAsync(249);
  expect(came).toBeUndefined();
  await vi.advanceTimersByTimeAsync(1);
  expect(came).toBe(board.lost[0]);
});

test('who is told of the loss may ask for the next connection, and there is still one attempt', async () => {
  const attempts: string[] = [];
  const connections = new Reconnecting<Wire>({
    server: 'Test',
    open: async () => {
      attempts.push('open');
      return { name: `wire ${attempts.length}` };
    },
    end: () => {},
    onLost: () => void connections.get(),
  });
  const wire = await connections.get();
  connections.lost(wire, new Error('reset'));
  await vi.advanceTimersByTimeAsync(0);
  expect(attempts).toHaveLength(2);
  expect(connections.current).toEqual({ name: 'wire 2' });
});

test('closed: the connection ends, whoever asks is told why, and nothing is tried any more', async () => {
  void board.connections.get();
  const wire = await board.answer();
  board.connections.close(new Error('closed'));
  expect(board.ended).toEqual([['wire 1', 'closed']]);
  expect(await outcome(board.connections.get())).toEqual(new Error('closed'));
  board.connections.lost(wire, new Error('reset'));
  await vi.advanceTimersByTimeAsync(10_000);
  expect([board.attempts, board.lost]).toEqual([1, []]);
});

test('closed while a connection is being made: it ends as soon as it is there', async () => {
  const asked = outcome(board.connections.get());
  board.connections.close(new Error('closed'));
  expect(board.ended).toEqual([]);
  await board.answer();
  expect(await asked).toEqual(new Error('closed'));
  expect(board.ended).toEqual([['wire 1', 'closed']]);
  expect(board.connections.current).toBeUndefined();
});

test('closed during a pause: no further attempt', async () => {
  const asked = outcome(board.connections.get());
  await board.answer(new Error('refused'));
  await asked;
  board.connections.close(new Error('closed'));
  await vi.advanceTimersByTimeAsync(10_000);
  expect(board.attempts).toBe(1);
});

test('closed while an attempt fails: the reason is the closing', async () => {
  const asked = outcome(board.connections.get());
  board.connections.close(new Error('closed'));
  await board.answer(new Error('refused'));
  expect(await asked).toEqual(new Error('closed'));
  await vi.advanceTimersByTimeAsync(10_000);
  expect(board.attempts).toBe(1);
});
