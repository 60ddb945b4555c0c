/** Stores that take epochs for a detail. */
import type { LogState } from '@headwater/core';
import { type BrokenStore, changing, turn } from './broken-store.js';

const withStarts = (state: LogState, move: (start: number, i: number) => number): LogState => {
  return { ...state, epochs: state.epochs.map(({ epoch, start }, i) => ({ epoch, start: move(start, i) })) };
};

export const epochs: readonly BrokenStore[] = [
  {
    defect: 'begins the first epoch at 1',
    fails: ['epochs', 'recovery'],
    wrap: (inner) => {
      const wrong = (state: LogState) => withStarts(state, (start) => Math.max(start, 1));
      return {
        state: async () => wrong(await inner.state()),
        startEpoch: async (epoch) => wrong(await inner.startEpoch(epoch)),
      };
    },
  },
  {
    defect: 'begins later epochs at the head instead of behind it',
    fails: [
      'epochs',
      'writers',
      'fence',
      'tail',
      'recovery',
      'prev',
      'keys',
      'snapshots',
      'items',
      'cursors',
      'handles',
      'floors',
    ],
    wrap: (inner) => {
      const wrong = (state: LogState) => withStarts(state, (start, i) => (i === 0 ? 0 : start - 1));
      return {
        state: async () => wrong(await inner.state()),
        startEpoch: async (epoch) => wrong(await inner.startEpoch(epoch)),
      };
    },
  },
  {
    defect: 'lets the first of equal beginnings win',
    fails: ['epochs', 'fence', 'recovery'],
    wrap: (inner) => ({
      async startEpoch(epoch) {
        const state = await inner.state();
        return state.epochs.at(-1)?.start === state.head + 1 ? state : inner.startEpoch(epoch);
      },
    }),
  },
  {
    defect: 'stamps entries with the epoch of the position of who appends them',
    fails: ['epochs', 'writers', 'fence', 'recovery', 'prev', 'keys', 'snapshots', 'cursors', 'handles'],
    wrap: (inner) => {
      const stamps = new Map<number, string>();
      return {
        ...changing(inner, (entries) =>
          entries.map((entry) => ({ ...entry, epoch: stamps.get(entry.seq) ?? entry.epoch })),
        ),
        async append(entries, at) {
          const appended = await inner.append(entries, at);
          for (const { seq, duplicate } of appended) if (!duplicate) stamps.set(seq, at.epoch);
          return appended.map((one) => ({ ...one, epoch: stamps.get(one.seq) ?? one.epoch }));
        },
      };
    },
  },
  {
    defect: 'remembers only the epoch that began last, though the one before is in force at the head',
    fails: [
      'epochs',
      'writers',
      'fence',
      'tail',
      'recovery',
      'prev',
      'keys',
      'snapshots',
      'items',
      'cursors',
      'handles',
      'floors',
    ],
    wrap: (inner) => {
      const few = (state: LogState) => ({ ...state, epochs: state.epochs.slice(-1) });
      return {
        state: async () => few(await inner.state()),
        startEpoch: async (epoch) => few(await inner.startEpoch(epoch)),
      };
    },
  },
  {
    defect: 'reads the state after the beginning of an epoch, in another transaction',
    fails: ['epochs'],
    wrap: (inner) => ({
      async startEpoch(epoch) {
        await inner.startEpoch(epoch);
        await turn();
        return inner.state();
      },
    }),
  },
];
