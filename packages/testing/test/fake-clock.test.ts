import { describe, expect, it } from 'vitest';
import { fakeClock } from '../src/index.js';

describe('fakeClock', () => {
  it('stands still until it is told to advance', () => {
    const clock = fakeClock({ now: 1_000 });
    expect([clock.now(), clock.elapsed()]).toEqual([1_000, 0]);
    clock.advance(250);
    expect([clock.now(), clock.elapsed()]).toEqual([1_250, 250]);
  });

  it('calls due timers in order, each at its own time', () => {
    const clock = fakeClock();
    const seen: string[] = [];
    const note = (name: string) => () => void seen.push(`${name}@${clock.elapsed()}`);
    clock.setTimer(note('late'), 30);
    clock.setTimer(note('first'), 10);
    clock.setTimer(note('second'), 10);
    clock.advance(29);
    expect(seen).toEqual(['first@10', 'second@10']);
    expect([clock.timers, clock.elapsed()]).toEqual([1, 29]);
    clock.advance(1);
    expect(seen.at(-1)).toBe('late@30');
  });

  it('calls timers that are set while it advances, even with 0 ms', () => {
    const clock = fakeClock();
    const seen: number[] = [];
    const tick = () => {
      seen.push(clock.elapsed());
      clock.setTimer(tick, seen.length === 2 ? 0 : 10);
    };
    clock.setTimer(tick, 10);
    clock.advance(35);
    expect(seen).toEqual([10, 20, 21, 31]);
    expect(clock.timers).toBe(1);
  });

  it('forgets cleared timers, also while it advances', () => {
    const clock = fakeClock();
    const seen: string[] = [];
    const never = clock.setTimer(() => seen.push('never'), 10);
    clock.setTimer(() => clock.clearTimer(never), 5);
    clock.clearTimer(undefined);
    clock.advance(20);
    expect(seen).toEqual([]);
    expect(clock.timers).toBe(0);
  });

  it('runs one turn at a time, or all that follow from it', () => {
    const clock = fakeClock();
    const seen: string[] = [];
    clock.setTurn(() => {
      seen.push('a');
      clock.setTurn(() => seen.push('c'));
    });
    clock.setTurn(() => seen.push('b'));
    expect(seen).toEqual([]);
    expect(clock.runTurn()).toBe(2);
    expect(seen).toEqual(['a', 'b']);
    expect(clock.turns).toBe(1);
    expect(clock.runTurns()).toBe(1);
    expect(seen).toEqual(['a', 'b', 'c']);
    expect(clock.runTurns()).toBe(0);
  });

  it('runs no turns while it advances', () => {
    const clock = fakeClock();
    clock.setTimer(() => clock.setTurn(() => {}), 1);
    clock.advance(10);
    expect(clock.turns).toBe(1);
  });

  it('says so when a turn queues itself for ever', () => {
    const clock = fakeClock();
    const again = () => clock.setTurn(again);
    again();
    expect(() => clock.runTurns()).toThrow(
      '10000 turns have run and 1 callbacks wait still: one queues itself for ever',
    );
  });

  it('settles turns and promises that wait for each other', async () => {
    const clock = fakeClock();
    const seen: string[] = [];
    const turn = () => new Promise<void>((resolve) => clock.setTurn(resolve));
    const work = async () => {
      for (const name of ['a', 'b', 'c']) {
        await turn();
        await Promise.resolve();
        seen.push(name);
      }
    };
    const done = work();
    await clock.settle();
    expect(seen).toEqual(['a', 'b', 'c']);
    expect(clock.turns).toBe(0);
    await done;
  });

  it('keeps what waits behind a callback that throws', () => {
    const clock = fakeClock();
    const seen: string[] = [];
    const fail = () => {
      throw new Error('oops');
    };
    clock.setTurn(fail);
    clock.setTurn(() => seen.push('turn'));
    clock.setTimer(fail, 5);
    clock.setTimer(() => seen.push('timer'), 6);
    expect(() => clock.runTurns()).toThrow('oops');
    expect(() => clock.advance(10)).toThrow('oops');
    expect(clock.elapsed()).toBe(5);
    clock.runTurns();
    clock.advance(1);
    expect(seen).toEqual(['turn', 'timer']);
  });

  it('runs turns in the real event loop with autoTurns, in order', async () => {
    const clock = fakeClock({ autoTurns: true });
    const seen: string[] = [];
    clock.setTurn(() => seen.push('a'));
    await new Promise<void>((resolve) => {
      clock.setTurn(() => {
        seen.push('b');
        resolve();
      });
      expect(seen).toEqual([]);
    });
    expect(seen).toEqual(['a', 'b']);
    expect(clock.turns).toBe(0);
  });

  it('refuses times that Node would turn into 1 ms', () => {
    const clock = fakeClock();
    for (const ms of [2 ** 31, -1, Number.NaN]) expect(() => clock.setTimer(() => {}, ms)).toThrow(RangeError);
    expect(() => clock.advance(-1)).toThrow('Cannot advance by -1 ms');
  });
});
