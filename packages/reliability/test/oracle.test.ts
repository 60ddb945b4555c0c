/** The oracle itself: it must see each kind of fault, and nothing where there is none. */

import { seeded } from '@headwater/testing';
import { describe, expect, it } from 'vitest';
import { Diary } from '../src/oracle/diary.js';
import { faultsOf, mustBeExact } from '../src/oracle/judge.js';
import { Ledger } from '../src/oracle/ledger.js';
import { KEYED, PROVIDED, Table } from '../src/oracle/table.js';

const idAt = (seq: number) => `e.${seq.toString(36)}`;
const BOTH = ['a', 'b'];

/** Ten acknowledged letters, of channels a and b by turns, at places 1 to 10. */
function world() {
  const ledger = new Ledger();
  const random = seeded(1);
  const letters = Array.from({ length: 10 }, (_, n) => ledger.write(BOTH[n % 2] as string, random));
  for (const { n } of letters) ledger.acknowledge(n, idAt(n + 1));
  const diary = new Diary(ledger);
  const take = (...numbers: number[]) => {
    for (const n of numbers) diary.take(idAt(n + 1), letters[n]!.data);
  };
  return { ledger, letters, diary, take, random };
}

describe('faultsOf', () => {
  it('finds nothing in a diary that is exactly once and in order', () => {
    const { ledger, diary, take } = world();
    take(0, 1, 2, 3, 4, 5, 6, 7, 8, 9);
    expect(faultsOf(ledger, diary, { channels: BOTH })).toEqual([]);
    expect(() => mustBeExact(ledger, diary, { channels: BOTH }, 'ann')).not.toThrow();
  });

  it('finds a loss, at the end too', () => {
    const { ledger, diary, take } = world();
    take(0, 1, 2, 3, 5, 6, 7, 8);
    expect(faultsOf(ledger, diary, { channels: BOTH })).toEqual([
      'lost: letter 4 at e.5 (5)',
      'lost: letter 9 at e.a (10)',
    ]);
    expect(() => mustBeExact(ledger, diary, { channels: BOTH }, 'ann')).toThrow(
      'ann: 2 faults in 8 events: lost: letter 4',
    );
  });

  it('finds a repetition', () => {
    const { ledger, diary, take } = world();
    take(0, 1, 1, 2, 3, 4, 5, 6, 7, 8, 9);
    expect(faultsOf(ledger, diary, { channels: BOTH })).toEqual(['twice: letter 1 at e.2']);
  });

  it('finds a change of order', () => {
    const { ledger, diary, take } = world();
    take(0, 2, 1, 3, 4, 5, 6, 7, 8, 9);
    expect(faultsOf(ledger, diary, { channels: BOTH })).toEqual(['out of order: letter 1 at e.2 (2) after place 3']);
  });

  it('finds a torn event', () => {
    const { ledger, letters, diary, take } = world();
    take(0, 1, 2, 3, 4, 5, 6, 7, 8);
    diary.take(idAt(10), `${letters[9]!.data} and more`);
    expect(faultsOf(ledger, diary, { channels: BOTH })).toEqual(['torn: e.a']);
  });

  it('finds an event under an id that is not its own', () => {
    const { ledger, letters, diary } = world();
    diary.take(idAt(2), letters[0]!.data);
    expect(faultsOf(ledger, diary, { channels: BOTH, upTo: 0 })).toEqual(['misplaced: letter 0 at e.2, not e.1']);
  });

  it('finds an event of a channel that was not asked for', () => {
    const { ledger, diary, take } = world();
    take(0, 1, 2, 4, 6, 8);
    expect(faultsOf(ledger, diary, { channels: ['a'] })).toEqual(['foreign: letter 1 of channel b']);
  });

  it('finds an event that nobody has sent', () => {
    const { ledger, diary, take } = world();
    take(0, 1, 2, 3, 4, 5, 6, 7, 8, 9);
    diary.take(idAt(11), '77 ');
    expect(faultsOf(ledger, diary, { channels: BOTH })).toEqual(['torn: e.b', 'unknown: e.b']);
  });

  it('finds an event from before the place at which the client began', () => {
    const { ledger, diary, take } = world();
    take(4, 5, 6, 7, 8, 9);
    expect(faultsOf(ledger, diary, { channels: BOTH, after: 5 })).toEqual([
      'out of order: letter 4 at e.5 (5) after place 5',
    ]);
  });

  it('lets what nobody acknowledged arrive once or not at all', () => {
    const { ledger, diary, take, random } = world();
    const { data } = ledger.write('a', random);
    take(0, 1, 2, 3, 4, 5, 6, 7, 8, 9);
    expect(faultsOf(ledger, diary, { channels: BOTH })).toEqual([]);
    diary.take(idAt(11), data);
    expect(faultsOf(ledger, diary, { channels: BOTH })).toEqual([]);
    diary.take(idAt(12), data);
    expect(faultsOf(ledger, diary, { channels: BOTH })).toEqual(['twice: letter 10 at e.c']);
  });
});

describe('Ledger', () => {
  it('refuses a second id for one letter', () => {
    const { ledger } = world();
    expect(() => ledger.acknowledge(0, idAt(1))).not.toThrow();
    expect(() => ledger.acknowledge(0, idAt(99))).toThrow('Letter 0 was acknowledged as e.1 and as e.2r');
  });
});

describe('Table', () => {
  const event = (name: string, id: string | undefined, data: unknown) => ({
    event: name,
    id,
    data: JSON.stringify(data),
  });

  it('applies a repair whole, at the id that completes it', () => {
    const table = new Table(PROVIDED);
    table.take(event('message', idAt(1), { key: 'x', value: 1 }));
    table.take(event('sse.reset', undefined, {}));
    table.take(event('sse.snapshot', undefined, { data: { y: 2 } }));
    table.take(event('message', undefined, { key: 'z', value: 3 }));
    expect([...table.state]).toEqual([['x', 1]]);
    table.take(event('sse.live', idAt(9), {}));
    expect([...table.state]).toEqual([
      ['y', 2],
      ['z', 3],
    ]);
    expect(table.place).toBe(9);
  });

  it('forgets a repair that was cut', () => {
    const table = new Table(KEYED);
    table.take(event('message', idAt(1), { op: 'create', item: { id: 'x' } }));
    table.take(event('sse.reset', undefined, {}));
    table.take(event('sse.snapshot', undefined, { data: [] }));
    table.take(event('sse.open', undefined, {}));
    table.take(event('message', idAt(2), { op: 'create', item: { id: 'y' } }));
    expect([...table.state.keys()]).toEqual(['x', 'y']);
    table.take(event('message', idAt(3), { op: 'delete', item: { id: 'x' } }));
    expect([...table.state.keys()]).toEqual(['y']);
  });
});
